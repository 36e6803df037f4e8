"""Counts the unsent events in a journal, also while an agent uses it; nothing is written."""

from pathlib import Path

from sensu.agent.journal_clock import JournalClock
from sensu.agent.journal_segment import EVENT, SETTLED, first_number, ranges, records
from sensu.clock import Clock
from sensu.rules.agent_diagnosis import UnsentEvents


def survey(folder: Path, clock: Clock) -> UnsentEvents:
    """The unsent events of one queue; raises OSError if its files cannot be read."""
    if not folder.exists():
        return UnsentEvents(0, 0, 0.0)
    accepted: dict[int, float] = {}
    settled: list[tuple[int, int]] = []
    size_bytes, last_at = 0, 0.0
    paths = sorted((number, path) for path in folder.iterdir() if (number := first_number(path)) is not None)
    for first, path in paths:
        number, data = first, path.read_bytes()
        size_bytes += len(data)
        for found in records(data):
            last_at = max(last_at, found.at)
            if found.kind == EVENT:
                accepted[number] = found.at
                number += 1
            elif found.kind == SETTLED:
                settled += ranges(found.payload)
    for begin, end in settled:
        for number in range(begin, end + 1):
            accepted.pop(number, None)
    times = JournalClock(folder / "clock", clock)
    times.follow(last_at)
    oldest = min(accepted.values(), default=0.0)
    age_s = clock.monotonic() - times.read(oldest) if accepted else 0.0
    return UnsentEvents(len(accepted), size_bytes, max(age_s, 0.0))
