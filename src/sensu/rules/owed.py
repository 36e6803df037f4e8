"""The remaining workflows of a delivery, in the form in which they are stored and shown."""

from collections.abc import Iterable, Mapping

import msgspec

from sensu.resources.wire import Wire, always_int, always_list, always_str, decode, encode
from sensu.rules.workflow import handler_named


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
    """A remaining workflow of a delivery: its number of failures, its next attempt, and the last failure.

    `handler` is empty if the workflow does not exist any more.
    """

    workflow: str = always_str()
    handler: str = ""
    attempts: int = 0
    due_at: float = 0.0
    why: str = ""


class DeliveryView(Wire, frozen=True):
    """A delivery as the API shows it. `state` is `owed` (pending) or `dead`; times are in Unix seconds.

    `event_at` is the time of the event, `due_at` that of the next attempt.
    """

    id: int = always_int()
    namespace: str = always_str()
    state: str = always_str()
    entity: str = always_str()
    check: str = always_str()
    event_id: str = ""
    event_at: int = 0
    attempts: int = always_int()
    due_at: float = 0.0
    why: str = ""
    workflows: tuple[OwedWorkflow, ...] = always_list()


def owed_workflows(steps: Mapping[str, Step], handlers: Mapping[str, str]) -> tuple[OwedWorkflow, ...]:
    """The remaining workflows, as the API shows them; `handlers` are those of the workflows that exist."""
    return tuple(
        OwedWorkflow(
            workflow=name,
            handler=handlers.get(name) or handler_named(name),
            attempts=step.tries,
            due_at=step.due_at,
            why=step.why,
        )
        for name, step in steps.items()
    )


def handlers_of(view: DeliveryView) -> tuple[str, ...]:
    """The handlers that a delivery is still for, each once."""
    return tuple(dict.fromkeys(each.handler for each in view.workflows if each.handler))


def next_due(view: DeliveryView) -> float:
    """The next attempt of a delivery (Unix seconds); workflows that were given up have none."""
    return min((each.due_at for each in view.workflows if each.attempts or not each.why), default=view.due_at)


def error_of(view: DeliveryView) -> str:
    """The last failures of a delivery without the names of its workflows, each once."""
    errors = dict.fromkeys(each.why for each in view.workflows if each.why)
    return "; ".join(errors) or view.why


def why_of(workflows: Iterable[OwedWorkflow]) -> str:
    """The last failures of the remaining workflows of a delivery."""
    return "; ".join(f"{each.workflow}: {each.why}" for each in workflows if each.why)
