"""The remaining workflows of a delivery, in the form in which they are stored and shown."""

from collections.abc import Iterable, Mapping

import msgspec

from sensu.resources.wire import Wire, always_int, always_list, always_str, decode, encode


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """A workflow that is not done: its number of failures, its next attempt (Unix seconds), and the last failure."""

    tries: int = 0
    due_at: float = 0.0
    why: str = ""


WHY_CHARACTERS_MAX = 1000
"""The largest number of characters of a reason; longer ones are cut."""


def steps_of(rest: bytes, due_at: float) -> dict[str, Step] | None:
    """The remaining workflows by name; None for all of them, untried.

    `due_at` is the time of the delivery, for workflows without one of their own. Raises InvalidResource.
    """
    if not rest:
        return None
    found = decode(dict[str, int | Step], rest)
    return {name: Step(step, due_at) if isinstance(step, int) else step for name, step in found.items()}


def rest_of(steps: Mapping[str, Step]) -> bytes:
    """The stored form of remaining workflows, which `steps_of` reads."""
    return encode(steps)


OWED, DEAD = "owed", "dead"


class OwedWorkflow(Wire, frozen=True):
    """A remaining workflow of a delivery: its number of failures, its next attempt, and the last failure."""

    workflow: str = always_str()
    attempts: int = 0
    due_at: float = 0.0
    why: str = ""


class DeliveryView(Wire, frozen=True):
    """A delivery as the API shows it. `state` is `owed` (pending) or `dead`; times are in Unix seconds."""

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
    """The remaining workflows, as the API shows them."""
    return tuple(
        OwedWorkflow(workflow=name, attempts=step.tries, due_at=step.due_at, why=step.why)
        for name, step in steps.items()
    )


def why_of(workflows: Iterable[OwedWorkflow]) -> str:
    """The last failures of the remaining workflows of a delivery."""
    return "; ".join(f"{each.workflow}: {each.why}" for each in workflows if each.why)
