"""The test of a handler: what is asked, the event that the handler gets, and the report."""

from sensu.resources.check import Check, CheckHistory
from sensu.resources.entity import PROXY_CLASS, Entity
from sensu.resources.event import Event
from sensu.resources.metadata import ObjectMeta
from sensu.resources.wire import Wire, always_bool, always_list, always_str
from sensu.resources.wire_numbers import I64, U32

ENTITY, CHECK = "handler-test", "test"
TEST_ANNOTATION = "sensu.io/test"
"""The annotation of the check and entity of the event, by which a handler recognises a test."""
TITLE_MARK = "Test: "
STATUS = 2
MINUTE_S = 60
OK, FAILED, DRY = "sent", "failed", "not sent"


class HandlerTest(Wire, frozen=True):
    """A wish to test a handler with an event of this status, or with the end of an incident (`resolve`).

    `url_index` tests only one of the URLs of a notify handler; `dry_run` sends nothing.
    """

    status: U32 = STATUS
    resolve: bool = False
    url_index: I64 | None = None
    dry_run: bool = False


class HandlerTestTarget(Wire, frozen=True):
    """What came of one URL, or of the handler: `sent`, `failed` or `not sent`, why, and the log on the way."""

    target: str = always_str()
    outcome: str = always_str()
    why: str = ""
    seconds: float = 0.0
    log: tuple[str, ...] = ()


class HandlerTestReport(Wire, frozen=True):
    """The results of a test by target, and the message that was or would be sent (of a notify handler)."""

    handler: str = always_str()
    type: str = always_str()
    ok: bool = always_bool()
    targets: tuple[HandlerTestTarget, ...] = always_list()
    title: str = ""
    text: str = ""


def marked_event(namespace: str, handler: str, asked: HandlerTest, username: str, now: float) -> Event:
    """The event of a test, which says that it is one. No check or entity of that name has to exist."""
    status, executed = 0 if asked.resolve else asked.status, int(now)
    statuses = (asked.status or STATUS, 0) if asked.resolve else (0, status)
    history = tuple(
        CheckHistory(status=one, executed=executed - MINUTE_S * (1 - place)) for place, one in enumerate(statuses)
    )
    marked = {TEST_ANNOTATION: "true"}
    check = Check(
        metadata=ObjectMeta(name=CHECK, namespace=namespace, annotations=marked),
        status=status,
        state="failing" if status else "passing",
        output=f"This is a test of the handler {handler}, requested by {username}. Nothing has happened.\n",
        executed=executed,
        issued=executed,
        occurrences=1,
        occurrences_watermark=1,
        history=history,
        handlers=(handler,),
    )
    entity = Entity(metadata=ObjectMeta(name=ENTITY, namespace=namespace, annotations=marked), entity_class=PROXY_CLASS)
    return Event(check=check, entity=entity, metadata=ObjectMeta(namespace=namespace), timestamp=executed)
