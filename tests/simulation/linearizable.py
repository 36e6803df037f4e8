"""Whether concurrent reads and writes of one resource fit into an order (the algorithm of Wing and Gong)."""

from collections.abc import Sequence

from tests.simulation.records import Answer, Operation


def is_linearizable(operations: Sequence[Operation]) -> bool:
    """Whether there is an order in which each read gives what was written last before it.

    An operation that ended before another one began comes before it. A write whose answer is not known may come at any
    time after its begin, or never; reads without an answer and refused writes say nothing. At first it is absent.
    """
    known = [each for each in operations if each.answer is Answer.OK or (each.writes and each.answer is Answer.PERHAPS)]
    ordered = sorted(known, key=lambda each: each.begin)
    required = sum(1 << place for place, each in enumerate(ordered) if each.answer is Answer.OK)
    ends = [each.end if each.answer is Answer.OK else float("inf") for each in ordered]
    todo, seen = [(0, None)], set[tuple[int, str | None]]()
    while todo:
        done, value = todo.pop()
        if done & required == required:
            return True
        if (done, value) in seen:
            continue
        seen.add((done, value))
        left = [place for place in range(len(ordered)) if not done >> place & 1]
        first_end = min(ends[place] for place in left)
        for place in left:
            each = ordered[place]
            if each.begin > first_end:
                break
            if each.writes:
                todo.append((done | 1 << place, each.value))  # type: ignore[arg-type]
            elif each.value == value:
                todo.append((done | 1 << place, value))
    return False
