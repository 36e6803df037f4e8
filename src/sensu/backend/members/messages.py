"""What the workers of a backend tell and ask each other, and how it stands on the wire between them.

A message is its length (4 bytes, big endian) and MessagePack. All workers are of one start of one program, so there are
no versions.
"""

from collections.abc import Sequence

import msgspec

from sensu.backend.metrics import Numbered
from sensu.backend.seams import EventDeferred, EventOutcome, EventRefused, EventStored
from sensu.resources.check_request import CheckRequest
from sensu.resources.event import Event
from sensu.rules.check_state import Sender
from sensu.store.contract import AppendAudit, TrimAudit

LENGTH_BYTES = 4


class Message(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """The base of all messages."""


class Hello(Message, frozen=True):
    """The first message of a connection: who speaks, and which start of it."""

    member: int
    start: str


class Welcome(Message, frozen=True):
    """The answer to it: the other side is there, and has stored what this start handed over up to a number."""

    stored: int


class Look(Message, frozen=True):
    """Something was committed that the others have to hear of."""


class OfferEvent(Message, frozen=True):
    """An event for the worker whose share its entity is in; its `Fate` follows, or `Stored` with others.

    An event without its entity has the one that came last under the number `entity`; `entity_json` is what is stored of
    that, where it is known. `sender` is the session of the agent that sent it.
    """

    id: int
    event: Event
    entity: int
    entity_json: bytes | None
    sender: Sender | None = None


class OfferKeepalive(Message, frozen=True):
    """A keepalive that came in `at`, whose event is to have this id; a `Fate` follows."""

    id: int
    keepalive: Event
    at: float
    event_id: str


class RemoveEvent(Message, frozen=True):
    """An event is to be deleted, with what the audit log keeps of it; a `Removed` follows."""

    id: int
    namespace: str
    entity: str
    check: str
    audit: Sequence[AppendAudit] = ()
    trim: TrimAudit | None = None


class Fate(Message, frozen=True):
    """What became of an event that was offered: `stored`, or why not."""

    id: int
    stored: bool
    refused: bool
    why: str


class Stored(Message, frozen=True):
    """Events that were offered and are stored."""

    ids: Sequence[int]


class Removed(Message, frozen=True):
    """Whether there was an event to remove; None where the store did not answer."""

    id: int
    existed: bool | None


class Agent(msgspec.Struct, frozen=True, array_like=True):
    """A session of an agent, by its number at its worker, with all its subscriptions (none: it ended)."""

    session: int
    namespace: str
    name: str
    subscriptions: Sequence[str]


class Agents(Message, frozen=True):
    """Sessions that began, ended or changed; with `all` there are no others."""

    agents: Sequence[Agent]
    all: bool = False


class Publish(Message, frozen=True):
    """A check request for the agents of a subscription."""

    namespace: str
    subscription: str
    request: CheckRequest


class Disconnect(Message, frozen=True):
    """The sessions of an agent are to end."""

    namespace: str
    agent: str


class Answered(Message, frozen=True):
    """The result of a check request was stored."""

    namespace: str
    check: str
    issued: int


class Departed(Message, frozen=True):
    """A session with these subscriptions has ended."""

    namespace: str
    subscriptions: Sequence[str]


class Question(Message, frozen=True):
    """A request of the API for the worker that knows the answer; a `Reply` follows."""

    id: int
    method: str
    path: bytes
    query: bytes
    headers: Sequence[tuple[bytes, bytes]]
    client: tuple[str, int] | None
    body: bytes


class Reply(Message, frozen=True):
    """The answer of the API."""

    id: int
    status: int
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes


class AskNumbers(Message, frozen=True):
    """Asks for the metrics of a worker; `Numbers` follow."""

    id: int


class Numbers(Message, frozen=True):
    """The metrics of a worker that can be summed up."""

    id: int
    samples: Sequence[Numbered]


class AskHealth(Message, frozen=True):
    """Asks what is wrong with a worker; a `Health` follows."""

    id: int


class Health(Message, frozen=True):
    """What is wrong, empty where nothing is."""

    id: int
    problem: str


Any = (
    Hello
    | Welcome
    | Look
    | OfferEvent
    | OfferKeepalive
    | RemoveEvent
    | Fate
    | Stored
    | Removed
    | Agents
    | Publish
    | Disconnect
    | Answered
    | Departed
    | Question
    | Reply
    | AskNumbers
    | Numbers
    | AskHealth
    | Health
)
Ask = Question | AskNumbers | AskHealth
Told = Fate | Removed | Reply | Numbers | Health
"""What is told in answer, under the id of what it answers."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Any)


def packed(message: Message) -> bytes:
    """A message as it goes over the wire."""
    body = _encoder.encode(message)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def unpacked(body: memoryview) -> Message:
    """The message in what follows its length; raises msgspec.DecodeError."""
    message: Message = _decoder.decode(body)
    return message


def fate(number: int, outcome: EventOutcome) -> Fate:
    """An outcome as it is told."""
    if isinstance(outcome, EventStored):
        return Fate(number, True, False, "")
    return Fate(number, False, isinstance(outcome, EventRefused), outcome.why)


def outcome_of(told: Fate) -> EventOutcome:
    """The outcome that was told."""
    if told.stored:
        return EventStored()
    return EventRefused(told.why) if told.refused else EventDeferred(told.why)
