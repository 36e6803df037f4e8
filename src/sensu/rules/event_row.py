"""The row of an event in a list: what people look at first, in about a tenth of the event's bytes."""

from collections.abc import Mapping, Sequence

import msgspec

from sensu.resources.check import CheckHistory
from sensu.resources.metadata import ObjectMeta
from sensu.rules.flapping import HISTORY_MAX
from sensu.rules.handling import UNKNOWN
from sensu.rules.silencing import SilenceSubject, subscriptions_that_silence

LINE_CHARACTERS_MAX = 160
OUTPUT_CHARACTERS_READ_MAX = 4096
"""The first line of an output is looked for in its first characters."""


class ListedCheck(msgspec.Struct, frozen=True, gc=False):
    """What rows show of the check of a stored event."""

    metadata: ObjectMeta = ObjectMeta()
    status: int = 0
    state: str = ""
    executed: int = 0
    interval: int = 0
    occurrences: int = 0
    output: str = ""
    history: tuple[CheckHistory, ...] | None = None
    subscriptions: tuple[str, ...] | None = None
    proxy_entity_name: str = ""


class ListedEntity(msgspec.Struct, frozen=True, gc=False):
    """What rows show of the entity of a stored event."""

    metadata: ObjectMeta = ObjectMeta()
    entity_class: str = ""
    subscriptions: tuple[str, ...] | None = None


class ListedBody(msgspec.Struct, frozen=True, gc=False):
    """The parts of a stored event that its row is made of; everything else is skipped when it is decoded."""

    check: ListedCheck = ListedCheck()
    entity: ListedEntity = ListedEntity()


class EventRow(msgspec.Struct, frozen=True):
    """A row of a list of events.

    `since`, `executed` and `due` are Unix seconds: since when the event has its severity, when its last result was
    executed, and when the next one is expected (0 if that is not known). `silenced` names the silences that apply now.
    `line` is the first line of the output, at most 160 characters; `history` the last 21 statuses as digits, the newest
    last, with 3 for every status above 2. `handled` is `delivered`, `partly`, `filtered`, `waiting`, `failed`, `none`
    or `unknown`. `columns` has the values that were asked for and that the event has.
    """

    entity: str
    check: str
    entity_class: str = msgspec.field(name="class")
    status: int
    state: str
    since: int
    executed: int
    due: int
    occurrences: int
    silenced: Sequence[str]
    line: str
    history: str
    handled: str
    columns: Mapping[str, str]


_decode = msgspec.json.Decoder(ListedBody).decode


def listed_body(body: bytes) -> ListedBody:
    """The parts of a stored event that rows show; empty parts if it cannot be read."""
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ListedBody()


def subject_of(body: ListedBody) -> SilenceSubject:
    """What silences compare of a stored event."""
    check, entity = body.check, body.entity
    of_check = None if check.proxy_entity_name else check.subscriptions or ()
    found = subscriptions_that_silence(entity.metadata.name, entity.subscriptions or (), of_check)
    return SilenceSubject(check.metadata.name, found)


def row_of(
    body: ListedBody,
    *,
    since: int = 0,
    silenced: Sequence[str] = (),
    handled: str = UNKNOWN,
    columns: Mapping[str, str] | None = None,
) -> EventRow:
    """The row of an event; without `since`, it follows from the history in the event."""
    check, entity = body.check, body.entity
    return EventRow(
        entity.metadata.name,
        check.metadata.name,
        entity.entity_class,
        check.status,
        check.state,
        since or since_of(check),
        check.executed,
        check.executed + check.interval if check.interval and check.executed else 0,
        check.occurrences,
        silenced,
        first_line(check.output),
        statuses_of(check.history or ()),
        handled,
        columns or {},
    )


def since_of(check: ListedCheck) -> int:
    """When the check got its status, as far back as the history in its event goes."""
    since = check.executed
    for result in reversed(check.history or ()):
        if result.status != check.status:
            break
        since = result.executed
    return since


def first_line(output: str) -> str:
    """The first line of an output that is not blank, cut."""
    return output[:OUTPUT_CHARACTERS_READ_MAX].strip().partition("\n")[0].rstrip()[:LINE_CHARACTERS_MAX]


def statuses_of(history: Sequence[CheckHistory]) -> str:
    """The statuses of a history as digits."""
    return "".join("0123"[min(one.status, 3)] for one in history[-HISTORY_MAX:])
