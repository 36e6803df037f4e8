"""agentd: the agents' port, their sessions, and the check requests published to them."""

import logging
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Protocol

import msgspec

from sensu.backend.agentd.admission import Admission, Admitters
from sensu.backend.agentd.counts import Counts
from sensu.backend.agentd.entity_config import config_for_agent, not_found, subscriptions_of
from sensu.backend.agentd.paused_sessions import PausedSessions
from sensu.backend.agentd.session import AgentSession, AuthenticatedAgent
from sensu.backend.agentd.sessions import AgentSessions
from sensu.backend.metrics import BackendMetrics
from sensu.backend.ports import Intake, Keepalives
from sensu.clock import Clock
from sensu.log import fields
from sensu.resources.check_request import CheckRequest
from sensu.resources.entity import AGENT_CLASS, Entity, EntityConfig
from sensu.resources.kinds import CHECK, ENTITY, NAMESPACE, USER, Kind
from sensu.resources.user import User
from sensu.store.values import Key
from sensu.transport import frames
from sensu.transport.backend_socket import AgentListener, ListenerLimits
from sensu.transport.codec import Codec
from sensu.transport.handshake import Agreement
from sensu.transport.http1 import HTTPRequest
from sensu.transport.registration import Registration
from sensu.version import VERSION

log = logging.getLogger("sensu.agentd")


class Records(Protocol):
    """What agentd needs of the store's resource cache."""

    def get(self, kind: Kind, namespace: str, name: str) -> Any | None:
        """The committed resource, or None."""
        ...

    def list(self, kind: Kind) -> Sequence[Any]:
        """All committed resources of a kind."""
        ...

    def subscribe(self, kind: Kind, callback: Callable[[Key, Any], None]) -> Callable[[], None]:
        """Call `callback` with the key and the resource (None: removed) after each change; returns the unsubscribe."""
        ...


class Agentd:
    """Accepts agents, passes their events on, and sends them their entity configuration and check requests.

    Implements `ports.Subscribers`.
    """

    def __init__(
        self,
        *,
        records: Records,
        intake: Intake,
        keepalives: Keepalives,
        admitters: Admitters,
        clock: Clock,
        metrics: BackendMetrics,
        backend_id: str,
        host: str = "",
        port: int = 8081,
        ssl_context: ssl.SSLContext | None = None,
        limits: ListenerLimits | None = None,
        departed: Callable[[str, Iterable[str]], None] | None = None,
        subscribed: Callable[[int, str, str, frozenset[str]], None] = lambda *_: None,
        connection: Callable[[str, str, bool, str], None] = lambda *_: None,
        shares_port: bool = False,
    ) -> None:
        """`host` empty: all addresses; `port` 0: any that is free; with `shares_port` other workers listen there, too.

        `departed` is called with namespace and subscriptions of each session that ends; `subscribed` with a number of a
        session, its namespace and agent, when its subscriptions are others (none: it ended); `connection` with the
        namespace and agent of each session that begins (True) or ends (False), and why it ended.
        """
        self._subscribed, self._connection = subscribed, connection
        self._shares_port = shares_port
        self.intake = intake
        self.keepalives = keepalives
        self.counts = Counts(metrics, self._sessions_by_namespace)
        self._records = records
        self._departed = departed
        self._address = (host, port)
        self._ssl_context = ssl_context
        self._sessions = AgentSessions(self._tell_subscribed)
        self._paused = PausedSessions(intake, clock)
        admission = Admission(admitters, self._new_session, backend_id, clock, self.counts, self._describe)
        self._listener = AgentListener(admission.decide, clock, limits)
        self._unsubscribe: Sequence[Callable[[], None]] = ()

    @property
    def port(self) -> int:
        """The port that agents connect to, once started."""
        return self._listener.port

    def _sessions_by_namespace(self) -> dict[str, int]:
        """The number of sessions by namespace, including namespaces without sessions."""
        namespaces = (namespace.name for namespace in self._records.list(NAMESPACE))
        return {**dict.fromkeys(namespaces, 0), **self._sessions.count_by_namespace()}

    async def start(self) -> None:
        """Start listening; raises OSError if the address is not available.

        The records of entities, namespaces and users must be loaded.
        """
        self._unsubscribe = (
            self._records.subscribe(ENTITY, self._entity_changed),
            self._records.subscribe(USER, self._user_changed),
        )
        await self._listener.start(*self._address, self._ssl_context, shares_port=self._shares_port)

    async def stop(self) -> None:
        """End all sessions and stop listening."""
        self._paused.close()
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        await self._listener.stop()

    def publish(self, namespace: str, subscription: str, request: CheckRequest) -> int:
        """Send a check request to every agent of a subscription; returns the number of agents.

        Secrets are sent only to agents that authenticated with a certificate. Source: docs, "Secrets reference".
        """
        messages: dict[tuple[Codec, bool], bytes] = {}
        sent = 0
        for session in self._sessions.of_subscription(namespace, subscription):
            kept_back = bool(request.secrets) and not session.certificate
            variant = (session.codec, kept_back)
            if variant not in messages:
                payload = session.codec.encode(
                    frames.CHECK_REQUEST, _without_secrets(request) if kept_back else request
                )
                messages[variant] = frames.build(frames.CHECK_REQUEST, payload)
            sent += session.send(messages[variant])
        return sent

    def sessions(self, namespace: str, subscription: str) -> int:
        """The number of sessions of a subscription."""
        return self._sessions.number_of(namespace, subscription)

    def connected(self, namespace: str) -> int:
        """The number of connected agents of a namespace."""
        return self._sessions.agents_in(namespace)

    def agents(self, namespace: str, subscription: str) -> Sequence[str]:
        """The names of the connected agents of a subscription, sorted."""
        return sorted({session.agent for session in self._sessions.of_subscription(namespace, subscription)})

    def disconnect(self, namespace: str, agent: str) -> None:
        """End the sessions of an agent."""
        self._end(self._sessions.of_agent(namespace, agent))

    async def check_certificates(self, problem: Callable[[bytes], Awaitable[str | None]]) -> None:
        """End the sessions whose certificate is no longer accepted."""
        proved = [session for session in self._sessions.all() if session.certificate]
        ended = [session for session in proved if await problem(session.certificate) is not None]
        if ended:
            log.warning("the certificates of agents are revoked", extra=fields(agents=[s.agent for s in ended[:20]]))
        self._end(ended)

    def _end(self, sessions: Sequence[AgentSession]) -> None:
        for session in sessions:
            self._forget(session)
            session.close()

    def is_agent(self, namespace: str, name: str) -> bool:
        """Whether an agent entity of that name exists."""
        entity: Entity | EntityConfig | None = self._records.get(ENTITY, namespace, name)
        return entity is not None and entity.entity_class == AGENT_CLASS

    def session_began(self, session: AgentSession) -> None:
        """Send the entity configuration to all sessions of the agent.

        Source: recorded scenario request-same-agent-twice.
        """
        if self._sessions.of_agent(*session.agent_key):
            log.warning(
                "another session has the agent's name",
                extra=fields(agent=session.agent, namespace=session.namespace),
            )
        self._sessions.add(session)
        log.info("agent connected", extra=fields(agent=session.agent, namespace=session.namespace))
        self._connection(session.namespace, session.agent, True, "")
        config = self._config_of(session.namespace, session.agent)
        for same in self._sessions.of_agent(*session.agent_key):
            self._tell(same, config)
        user: User | None = self._records.get(USER, "", session.user)
        if user is not None and user.disabled:  # since the password was found right
            self._end([session])

    def session_ended(self, session: AgentSession, why: str) -> None:
        """Forget the session."""
        self._connection(session.namespace, session.agent, False, why)
        if self._departed is not None:
            self._departed(session.namespace, session.subscriptions)
        self._forget(session)

    def hold_back(self, session: AgentSession) -> None:
        """Pause the session until the intake accepts its events; sessions are resumed in turn."""
        self._paused.add(session)

    def _new_session(self, peer: AuthenticatedAgent, agreement: Agreement) -> AgentSession:
        return AgentSession(self, peer, agreement)

    def _describe(self, request: HTTPRequest) -> Registration:
        """An agent for doctor, by the headers of its handshake."""
        namespace, agent = request.header("sensu-namespace"), request.header("sensu-agentname")
        entity = self._config_of(namespace, agent)
        asked = entity.subscriptions if entity is not None else request.header("sensu-subscriptions").split(",")
        subscriptions = tuple(sorted({one.strip() for one in asked or ()} - {"", f"entity:{agent}"}))
        checks = (check for check in self._records.list(CHECK) if check.metadata.namespace == namespace)
        used = {subscription for check in checks for subscription in check.subscriptions}
        unused = tuple(one for one in subscriptions if one not in used)
        sessions = len(self._sessions.of_agent(namespace, agent))
        return Registration(VERSION, sessions, entity is not None, subscriptions, unused)

    def _forget(self, session: AgentSession) -> None:
        self._sessions.remove(session)
        self._paused.end(session)

    def _tell_subscribed(self, session: AgentSession) -> None:
        self._subscribed(id(session), session.namespace, session.agent, session.subscriptions)

    def _config_of(self, namespace: str, agent: str) -> EntityConfig | None:
        entity: Entity | EntityConfig | None = self._records.get(ENTITY, namespace, agent)
        return None if entity is None else config_for_agent(entity)

    def _entity_changed(self, key: Key, entity: Entity | EntityConfig | None) -> None:
        """Send the changed configuration to the agent's sessions, or end them if the entity was removed.

        Source: recorded scenarios session-entity-update, session-entity-delete.
        """
        sessions = self._sessions.of_agent(key.namespace, key.name)
        if not sessions:
            return
        if entity is None:
            self.disconnect(key.namespace, key.name)
            return
        config = config_for_agent(entity)
        for session in sessions:
            self._tell(session, config)

    def _user_changed(self, key: Key, user: User | None) -> None:
        """End the sessions of a user that was disabled or removed."""
        if user is None or user.disabled:
            sessions = self._sessions.of_user(key.name)
            if sessions:
                log.warning("the user of agents is disabled", extra=fields(user=key.name, sessions=len(sessions)))
            self._end(sessions)

    def _tell(self, session: AgentSession, config: EntityConfig | None) -> None:
        """Subscribe the session to the subscriptions of its entity, and send the configuration."""
        self._sessions.resubscribe(session, subscriptions_of(config))
        shown = config or not_found(session.namespace)
        payload = session.codec.encode(frames.ENTITY_CONFIG, shown)
        session.send(frames.build(frames.ENTITY_CONFIG, payload))

    def namespace_exists(self, namespace: str) -> bool:
        """Whether a namespace exists; for `Admitters`."""
        return self._records.get(NAMESPACE, "", namespace) is not None


def _without_secrets(request: CheckRequest) -> CheckRequest:
    check = request.config.metadata.name if request.config is not None else ""
    log.warning("secrets are kept from agents without a certificate", extra=fields(check=check))
    return msgspec.structs.replace(request, secrets=())
