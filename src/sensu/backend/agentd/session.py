"""The session of one agent: processes its messages, and sends messages to it."""

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import NamedTuple, Protocol

import msgspec

from sensu.backend.agentd.certificates import names_its_agent
from sensu.backend.agentd.counts import Counts
from sensu.backend.agentd.entity_memo import EntityMemo
from sensu.backend.agentd.incoming import UNKNOWN_TYPE, MessageRefusal, foreign_entity, read_event, read_keepalive
from sensu.backend.ports import EventDeferred, EventOutcome, EventStored, IncomingEvent, Intake, Keepalives
from sensu.log import fields
from sensu.resources.event import Event
from sensu.rules.check_state import Sender
from sensu.transport import acknowledgement, codec, frames
from sensu.transport.acknowledgement import Settlements
from sensu.transport.backend_socket import AgentConnection
from sensu.transport.handshake import Agreement
from sensu.transport.websocket import ABNORMAL, GOING_AWAY, Closed

log = logging.getLogger("sensu.agentd")

_EVENT = frames.build(frames.EVENT, b"")
_KEEPALIVE = frames.build(frames.KEEPALIVE, b"")

_BYE = "bye"

Done = Callable[[EventOutcome], None]


class Host(Protocol):
    """What a session needs of agentd."""

    intake: Intake
    keepalives: Keepalives
    counts: Counts

    def is_agent(self, namespace: str, name: str) -> bool:
        """Whether an agent entity of that name exists."""
        ...

    def session_began(self, session: "AgentSession") -> None:
        """The session can be sent messages."""
        ...

    def session_ended(self, session: "AgentSession", why: str) -> None:
        """The session is over, for the reason `why`."""
        ...

    def hold_back(self, session: "AgentSession") -> None:
        """Pause the session; `take_held` is to be called when the intake may accept its next event."""
        ...


class AuthenticatedAgent(NamedTuple):
    """The other side of a connection: the user it authenticated as, and namespace and name from its handshake.

    `certificate` is the one it authenticated with (DER), empty if it used a password.
    """

    user: str
    namespace: str
    agent: str
    certificate: bytes = b""


def why_ended(closed: Closed) -> str:
    """Why a session ended, in a few words."""
    if closed.code == ABNORMAL:
        return closed.reason or "the connection was lost"
    if closed.by_peer:
        return "the agent closed the connection" + (f" ({closed.reason})" if closed.reason else "")
    if closed.reason == _BYE:
        return "the backend closed the connection"
    return closed.reason or f"the backend closed the connection with code {closed.code}"


class AgentSession:
    """A connected agent."""

    def __init__(self, host: Host, peer: AuthenticatedAgent, agreement: Agreement) -> None:
        self.user, self.namespace, self.agent, self.certificate = peer
        self._agreement = agreement
        self.codec = codec.for_content_type(agreement.content_type)
        self._known = EntityMemo(self.codec)
        self._sender = Sender(self.agent, secrets.randbits(63) | 1)
        self.subscriptions: frozenset[str] = frozenset()
        self._host = host
        self._connection: AgentConnection | None = None
        self._settlements: Settlements | None = None
        self._flushing = False
        self._number = 0
        self._held: deque[bytes] = deque()
        self._first_held: IncomingEvent | None = None
        """The first waiting message, decoded, if it is an event."""
        self._warned = False
        self._is_bound = names_its_agent(self.certificate, self.user)

    @property
    def held_bytes(self) -> int:
        """The size of the waiting messages that the agent does not send again."""
        return 0 if self._settlements is not None else sum(map(len, self._held))

    @property
    def agent_key(self) -> tuple[str, str]:
        """Namespace and name."""
        return (self.namespace, self.agent)

    def connected(self, connection: AgentConnection) -> None:
        """Note that messages can be sent to the agent."""
        self._connection = connection
        if self.codec is codec.PROTOBUF:
            connection.pong(acknowledgement.OFFER)
        self._host.session_began(self)

    def ended(self, closed: Closed) -> None:
        """Note that the connection ended."""
        self._connection = None
        if self._settlements is not None:
            self._held.clear()
            self._first_held = None
        log.info(
            "agent session ended",
            extra=fields(agent=self.agent, namespace=self.namespace, code=closed.code, reason=closed.reason),
        )
        if closed.reason and not closed.by_peer:
            self._host.counts.session_error(closed.reason)
        self._host.session_ended(self, why_ended(closed))

    def received(self, data: bytes) -> None:
        """Process a message, or keep it and pause reading if the intake does not accept it."""
        if self._held:
            self._held.append(data)
        elif not self._host.intake.has_room() or not self._take(data):
            self._held.append(data)
            if self._connection is not None:
                self._connection.pause_reading()
            self._host.hold_back(self)

    def take_held(self) -> bool:
        """Process the waiting messages and resume reading; False if the intake does not accept them."""
        while self._held:
            if not self._take(self._held[0]):
                return False
            if self._held:
                self._held.popleft()
        if self._connection is not None:
            self._connection.resume_reading()
        return True

    def send(self, message: bytes) -> bool:
        """Send a message; False if the agent is disconnected."""
        return self._connection is not None and self._connection.send(message)

    def close(self) -> None:
        """End the session with 1001 `bye`."""
        if self._connection is not None:
            self._connection.close(GOING_AWAY, _BYE)

    def _take(self, data: bytes) -> bool:
        """Process a message; False if the intake did not accept it. A refused message counts as processed."""
        self._number += 1
        number = self._number
        try:
            if data.startswith(_EVENT):
                taken = self._take_event(number, data[len(_EVENT) :])
            elif data.startswith(_KEEPALIVE):
                taken = self._take_keepalive(number, data[len(_KEEPALIVE) :])
            else:
                self._take_other(number, data)
                return True
        except Exception:
            log.exception("agent message failed", extra=fields(agent=self.agent, namespace=self.namespace))
            self._refuse(number, MessageRefusal("internal error", "the message could not be handled"))
            return True
        if not taken:
            self._number -= 1
        return taken

    def _take_other(self, number: int, data: bytes) -> None:
        message = frames.parse(data)
        if message is None:
            self.close()
            return
        agreement = acknowledgement.following(self._agreement, message)
        if agreement is self._agreement:
            self._refuse(number, MessageRefusal(UNKNOWN_TYPE, f"unknown message type {message.type!r}"))
            return
        granted = acknowledgement.Extensions(codec=agreement.content_type)
        self.send(frames.build(*acknowledgement.request(granted)))
        self._agreement, self.codec = agreement, codec.for_content_type(agreement.content_type)
        self._known = EntityMemo(self.codec)
        self._settlements, self._number = Settlements(), 0
        self._sender = msgspec.structs.replace(self._sender, acknowledged=True)

    def _take_event(self, number: int, payload: bytes) -> bool:
        incoming = self._first_held or read_event(self.codec, payload, self.namespace, self._known, self._sender)
        if not isinstance(incoming, MessageRefusal):
            incoming = self._foreign(incoming.event, self._is_agent) or incoming
        if isinstance(incoming, MessageRefusal):
            self._refuse(number, incoming)
            return True
        if not self._host.intake.offer(incoming, self._done(number)):
            self._first_held = incoming
            return False
        self._first_held = None
        self._host.counts.event_bytes(incoming.event, len(payload))
        return True

    def _take_keepalive(self, number: int, payload: bytes) -> bool:
        event: Event | MessageRefusal = read_keepalive(self.codec, payload, self.namespace)
        if not isinstance(event, MessageRefusal):
            event = self._foreign(event, lambda _: True) or event
        if isinstance(event, MessageRefusal):
            self._refuse(number, event)
            return True
        return self._host.keepalives.offer(event, self._done(number))

    def _foreign(self, event: Event, is_agent: Callable[[str], bool]) -> MessageRefusal | None:
        """Why an agent with a certificate of its own may not send an event."""
        return foreign_entity(event, self.agent, is_agent) if self._is_bound else None

    def _is_agent(self, name: str) -> bool:
        return self._host.is_agent(self.namespace, name)

    def _refuse(self, number: int, refusal: MessageRefusal) -> None:
        """Refuse a message; only the first refusal of a session is logged as a warning, as agents may repeat them."""
        self._host.counts.session_error(refusal.error)
        log.log(
            logging.DEBUG if self._warned else logging.WARNING,
            "agent message refused",
            extra=fields(agent=self.agent, namespace=self.namespace, error=refusal.why),
        )
        self._warned = True
        if self._settlements is not None:
            self._settlements.refused.append((number, refusal.why))
            self._flush_soon()

    def _done(self, number: int) -> Done | None:
        return None if self._settlements is None else partial(self._settle, number)

    def _settle(self, number: int, outcome: EventOutcome) -> None:
        if self._settlements is None or self._connection is None:
            return
        if isinstance(outcome, EventStored):
            self._settlements.stored.append(number)
        elif isinstance(outcome, EventDeferred):
            self._settlements.deferred.append((number, outcome.why))
        else:
            self._settlements.refused.append((number, outcome.why))
        self._flush_soon()

    def _flush_soon(self) -> None:
        """Send acknowledgements at the end of this turn of the loop, so that those of one commit go together."""
        if not self._flushing:
            self._flushing = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        if self._settlements:
            self.send(frames.build(frames.ACK, self._settlements.take()))
