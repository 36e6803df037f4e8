"""The messages between members of a cluster, and their encoding.

A message is its length (4 bytes, big endian) and MessagePack; a message of an unknown kind is logged and ignored. They
carry the daemons' own types (`EventOutcome`, `EventKey`, `ApiAnswer`).
"""

from collections.abc import Mapping, Sequence

import msgspec

from sensu.backend.activity import MemberActivity
from sensu.backend.metrics import Numbered
from sensu.backend.ports import ApiAnswer, EventOutcome, SelectedEvents
from sensu.resources.check_request import CheckRequest
from sensu.resources.event import Event
from sensu.rules.check_state import Sender
from sensu.rules.flow import FlowCounts
from sensu.rules.run_ledger import LastRun, SlotTrouble
from sensu.store.values import AppendAudit, EventKey, TrimAudit

LENGTH_BYTES = 4


class MemberMessage(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """The base of all messages."""


class Hello(MemberMessage, frozen=True):
    """The first message of a connection: the number of the sender, and an identifier of its start."""

    member: int
    start: str


class Welcome(MemberMessage, frozen=True):
    """The answer to `Hello`: the last number of the events handed over by this start that the receiver has stored.

    Those with the numbers `but` are not stored, although they came before.
    """

    stored: int
    but: tuple[int, ...] = ()


class ChangesAvailable(MemberMessage, frozen=True):
    """A commit was made that the others have to read."""


class NotMine(MemberMessage, frozen=True):
    """The event with this number was not taken, because its entity belongs to another member."""

    id: int


class TookBack(MemberMessage, frozen=True):
    """The sender knows that the event with this number was not taken, or not stored."""

    id: int


class Look(MemberMessage, frozen=True):
    """Resources were changed up to this revision; a `Seen` follows when the receiver knows the changes."""

    revision: int


class Seen(MemberMessage, frozen=True):
    """The sender knows all changes of resources up to this revision."""

    revision: int


class Follow(MemberMessage, frozen=True):
    """A client of the sender watches events: send it the changes of yours."""


class ChangedEvent(msgspec.Struct, frozen=True, array_like=True):
    """An event that was stored, or deleted (without `body`)."""

    namespace: str
    entity: str
    check: str
    body: bytes | None


class EventsChanged(MemberMessage, frozen=True):
    """The events that a commit changed."""

    events: Sequence[ChangedEvent]


class OfferEvent(MemberMessage, frozen=True):
    """An event for the worker that owns its entity; an `EventResult` follows, or a `EventsStored` for several events.

    If the event has no entity, it is the last one sent with the number `entity`; `entity_json` is its stored JSON, if
    known. `sender` is the session of the agent that sent the event.
    """

    id: int
    event: Event
    entity: int
    entity_json: bytes | None
    sender: Sender | None = None


class OfferKeepalive(MemberMessage, frozen=True):
    """A keepalive received at `at`, and the id of its event; an `EventResult` follows."""

    id: int
    keepalive: Event
    at: float
    event_id: str


class RemoveEvent(MemberMessage, frozen=True):
    """A request to delete an event, with its audit entry; a `Removed` follows."""

    id: int
    key: EventKey
    audit: Sequence[AppendAudit] = ()
    trim: TrimAudit | None = None


class EventResult(MemberMessage, frozen=True):
    """The result of an event that was offered."""

    id: int
    outcome: EventOutcome


class EventsStored(MemberMessage, frozen=True):
    """The events with these numbers are stored."""

    ids: Sequence[int]


class Removed(MemberMessage, frozen=True):
    """Whether the event existed; None if the store did not answer."""

    id: int
    existed: bool | None


class ConnectedAgent(msgspec.Struct, frozen=True, array_like=True):
    """A session of an agent, by its number at its worker, with all its subscriptions (none if it has ended)."""

    session: int
    namespace: str
    name: str
    subscriptions: Sequence[str]


class Agents(MemberMessage, frozen=True):
    """Sessions that began, ended or changed; with `all`, the complete list of sessions."""

    agents: Sequence[ConnectedAgent]
    all: bool = False


class Publish(MemberMessage, frozen=True):
    """A check request for the agents of a subscription."""

    namespace: str
    subscription: str
    request: CheckRequest


class Disconnect(MemberMessage, frozen=True):
    """A request to end the sessions of an agent."""

    namespace: str
    agent: str


class ResultStored(MemberMessage, frozen=True):
    """The result of a check request is stored."""

    namespace: str
    check: str
    issued: int


class AgentSessionEnded(MemberMessage, frozen=True):
    """A session of an agent with these subscriptions has ended."""

    namespace: str
    subscriptions: Sequence[str]


class ApiRequest(MemberMessage, frozen=True):
    """A request of the API for the member that can answer it; an `ApiResponse` follows."""

    id: int
    method: str
    path: bytes
    query: bytes
    headers: Sequence[tuple[bytes, bytes]]
    client: tuple[str, int] | None
    body: bytes
    cookie: str = ""


class ApiResponse(MemberMessage, frozen=True):
    """The answer of the API."""

    id: int
    answer: ApiAnswer


class AskNumbers(MemberMessage, frozen=True):
    """Asks for the metrics of a worker; `MetricNumbers` follow."""

    id: int


class MetricNumbers(MemberMessage, frozen=True):
    """The metrics of a worker that can be added up."""

    id: int
    samples: Sequence[Numbered]


class AskHealth(MemberMessage, frozen=True):
    """Asks what is wrong with a worker; a `Health` follows."""

    id: int


class Health(MemberMessage, frozen=True):
    """The problem, empty if there is none."""

    id: int
    problem: str


class AskActivity(MemberMessage, frozen=True):
    """Asks what a worker did lately; an `ActivityReport` follows."""

    id: int


class ActivityReport(MemberMessage, frozen=True):
    """What a worker did lately."""

    id: int
    report: MemberActivity


class AskFlow(MemberMessage, frozen=True):
    """Asks what went through the workflows of a namespace in the last minutes; a `FlowReport` follows."""

    id: int
    namespace: str
    minutes: int


class FlowReport(MemberMessage, frozen=True):
    """What went through the workflows of a worker."""

    id: int
    counts: Sequence[FlowCounts]


class AskSelected(MemberMessage, frozen=True):
    """Asks which events of the receiver a service component selects, with their JSON if `whole`; `Selected` follows."""

    id: int
    namespace: str
    component: str
    whole: bool


class Selected(MemberMessage, frozen=True):
    """The events of the sender that a service component selects; None if it does not know them now."""

    id: int
    events: SelectedEvents | None


class AskTrouble(MemberMessage, frozen=True):
    """Asks which checks ran late, and how many slots were missed since a time; a `TroubleReport` follows."""

    id: int
    since: float


class TroubleReport(MemberMessage, frozen=True):
    """The late checks and missed slots of each namespace."""

    id: int
    trouble: Mapping[str, SlotTrouble]


class AskLastRuns(MemberMessage, frozen=True):
    """Asks for the last slots of the checks of a namespace; `LastRuns` follow."""

    id: int
    namespace: str


class LastRuns(MemberMessage, frozen=True):
    """The last slot of each check that the sender schedules."""

    id: int
    runs: Mapping[str, LastRun]


Any = (
    Hello
    | Welcome
    | ChangesAvailable
    | NotMine
    | TookBack
    | Look
    | Seen
    | Follow
    | EventsChanged
    | OfferEvent
    | OfferKeepalive
    | RemoveEvent
    | EventResult
    | EventsStored
    | Removed
    | Agents
    | Publish
    | Disconnect
    | ResultStored
    | AgentSessionEnded
    | ApiRequest
    | ApiResponse
    | AskNumbers
    | MetricNumbers
    | AskHealth
    | Health
    | AskActivity
    | ActivityReport
    | AskFlow
    | FlowReport
    | AskSelected
    | Selected
    | AskTrouble
    | TroubleReport
    | AskLastRuns
    | LastRuns
)
Ask = ApiRequest | AskNumbers | AskHealth | AskActivity | AskFlow | AskSelected | AskTrouble | AskLastRuns
Reply = (
    EventResult
    | Removed
    | ApiResponse
    | MetricNumbers
    | Health
    | ActivityReport
    | FlowReport
    | Selected
    | TroubleReport
    | LastRuns
)
"""Messages sent in reply, with the id of the request."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Any)


def packed(message: MemberMessage) -> bytes:
    """Encode a message with its length."""
    body = _encoder.encode(message)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def unpacked(body: memoryview) -> MemberMessage:
    """Decode a message without its length; raises msgspec.DecodeError."""
    message: MemberMessage = _decoder.decode(body)
    return message
