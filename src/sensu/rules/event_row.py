"""An event as a row of a list: a tenth of its size, with what people look for first."""

from collections.abc import Mapping, Sequence

import msgspec

from sensu.resources.check import Check
from sensu.resources.event import Event
from sensu.resources.wire import Wire, always_int, always_list, always_str
from sensu.rules.check_state import PASSING

LINE_CHARACTERS_MAX = 160
HISTORY_RESULTS_MAX = 21
HIGHEST_STATUS_SHOWN = 3
"""What a higher status is shown as, so that the history has one digit for each result."""

UNKNOWN = "unknown"
"""What `handled` is if it is not known how an event was handled."""


class EventRow(Wire, frozen=True):
    """A row of a list of events.

    `since` is when the event got its status, and `due` when its next result is expected at the latest (0: no deadline),
    both in Unix seconds. `line` is the beginning of the first line of the output, `history` the last statuses as
    digits. `silenced` holds the names of the silences that apply now. `handled` is `delivered`, `filtered`, `waiting`,
    `failed`, `none` or `unknown`.
    """

    entity: str = always_str()
    check: str = always_str()
    entity_class: str = msgspec.field(default_factory=str, name="class")
    status: int = always_int()
    state: str = always_str()
    since: int = always_int()
    executed: int = always_int()
    due: int = always_int()
    occurrences: int = always_int()
    silenced: tuple[str, ...] = always_list()
    line: str = always_str()
    history: str = always_str()
    handled: str = always_str()
    columns: Mapping[str, str] = {}


def row_of(
    event: Event,
    *,
    since: int = 0,
    due: int = 0,
    silenced: Sequence[str] = (),
    handled: str = UNKNOWN,
    columns: Mapping[str, str] | None = None,
) -> EventRow:
    """The row of an event that has a check; without `since`, it follows from the history in the event."""
    entity, check = event.entity, event.check
    assert entity is not None
    assert check is not None
    return EventRow(
        entity=entity.metadata.name,
        check=check.metadata.name,
        entity_class=entity.entity_class,
        status=check.status,
        state=check.state or PASSING,
        since=since or since_of(check),
        executed=check.executed,
        due=due,
        occurrences=check.occurrences,
        silenced=tuple(silenced),
        line=first_line(check.output),
        history=digits_of(check),
        handled=handled,
        columns=columns or {},
    )


def first_line(output: str) -> str:
    """The first line of an output that is not blank, or its beginning."""
    line = output.lstrip().partition("\n")[0].rstrip()
    return line if len(line) <= LINE_CHARACTERS_MAX else f"{line[: LINE_CHARACTERS_MAX - 1]}…"


def digits_of(check: Check) -> str:
    """The last statuses of a check, the newest last."""
    last = (check.history or ())[-HISTORY_RESULTS_MAX:]
    return "".join(str(min(result.status, HIGHEST_STATUS_SHOWN)) for result in last)


def since_of(check: Check) -> int:
    """When the check got its status, as far back as the history in its event goes."""
    since = check.executed
    for result in reversed(check.history or ()):
        if result.status != check.status:
            break
        since = result.executed
    return since
