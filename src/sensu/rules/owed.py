"""What of a delivery is still to do, as it stands in the store."""

from collections.abc import Iterable, Mapping

import msgspec

from sensu.resources.wire import Wire, always_int, always_list, always_str, decode, encode


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """A workflow that is not done: how often it failed, when it is due again (Unix seconds), and why it failed last."""

    tries: int = 0
    due_at: float = 0.0
    why: str = ""


WHY_CHARACTERS_MAX = 1000
"""Of a longer reason the beginning is kept."""


def steps_of(rest: bytes, due_at: float) -> dict[str, Step] | None:
    """The workflows that are still to do, by name; None for all of them, untried.

    `due_at` is that of the delivery, for workflows that have none. Raises InvalidResource.
    """
    if not rest:
        return None
    found = decode(dict[str, int | Step], rest)
    return {name: Step(step, due_at) if isinstance(step, int) else step for name, step in found.items()}


def rest_of(steps: Mapping[str, Step]) -> bytes:
    """The opposite of `steps_of`."""
    return encode(steps)


OWED, DEAD = "owed", "dead"


class OwedWorkflow(Wire, frozen=True):
    """A workflow of a delivery that is not done: how often it failed, when it is due again, why it failed last."""

    workflow: str = always_str()
    attempts: int = 0
    due_at: float = 0.0
    why: str = ""


class DeliveryView(Wire, frozen=True):
    """A delivery as people see it; `state` is `owed` or `dead`, times are in Unix seconds."""

    id: int = always_int()
    namespace: str = always_str()
    state: str = always_str()
    entity: str = always_str()
    check: str = always_str()
    event_id: str = ""
    attempts: int = always_int()
    due_at: float = 0.0
    why: str = ""
    workflows: tuple[OwedWorkflow, ...] = always_list()


def owed_workflows(steps: Mapping[str, Step]) -> tuple[OwedWorkflow, ...]:
    """What is still to do, as people see it."""
    return tuple(
        OwedWorkflow(workflow=name, attempts=step.tries, due_at=step.due_at, why=step.why)
        for name, step in steps.items()
    )


def why_of(workflows: Iterable[OwedWorkflow]) -> str:
    """Why a delivery is owed still."""
    return "; ".join(f"{each.workflow}: {each.why}" for each in workflows if each.why)
