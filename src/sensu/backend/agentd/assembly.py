"""Puts the parts of agentd together."""

import ssl
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass

from sensu.backend.agentd.admission import Admitters
from sensu.backend.agentd.agentd import Agentd
from sensu.backend.agentd.certificates import ask_for_certificates
from sensu.backend.agentd.ocsp import Responders
from sensu.backend.agentd.revocation import RevocationLists, Revocations, read_authorities
from sensu.backend.auth.assembly import Auth
from sensu.backend.auth.credentials import Credentials
from sensu.backend.auth.identity import Identity, Rejected
from sensu.backend.basics import Basics
from sensu.backend.listening import agents_tls
from sensu.backend.ports import Intake, Keepalives
from sensu.backend.settings import BackendSettings
from sensu.resources.kinds import NAMESPACE
from sensu.token_bucket import TokenBucket
from sensu.transport.backend_socket import ListenerLimits


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What agentd hands on to the rest of the backend, and what it asks of it.

    `departed`, `subscribed` and `connection` are called as `Agentd` says; `health` gives the JSON of the API's health
    endpoint.
    """

    intake: Intake
    keepalives: Keepalives
    ready: Callable[[], bool]
    health: Callable[[], Awaitable[bytes]]
    departed: Callable[[str, Iterable[str]], None]
    subscribed: Callable[[int, str, str, frozenset[str]], None]
    connection: Callable[[str, str, bool, str], None]


async def revocations(basics: Basics, files: Executor) -> Revocations:
    """What decides whether agents' certificates are revoked; the lists are fetched once."""
    settings = basics.settings
    checks = settings.enable_cert_revocation_check and settings.agent_auth_trusted_ca_file
    urls = settings.agent_auth_crl_urls if checks else ()
    authorities = read_authorities(settings.agent_auth_trusted_ca_file) if checks else ()
    lists = RevocationLists(urls, authorities, files, basics.clock, settings.trusted_ca_file)
    await lists.refresh()
    return Revocations(lists, Responders(authorities, basics.clock), basics.clock)


def assembled(
    basics: Basics, auth: Auth, neighbours: Neighbours, revoked: Revocations, *, shares_port: bool = False
) -> Agentd:
    """The daemon; raises ConfigurationError where TLS cannot be set up as the settings say."""
    settings = basics.settings
    return Agentd(
        records=basics.records,
        intake=neighbours.intake,
        keepalives=neighbours.keepalives,
        admitters=_admitters(basics, auth, neighbours, revoked),
        clock=basics.clock,
        metrics=basics.metrics,
        backend_id=settings.node_name,
        host=settings.agent_host.strip("[]"),
        port=settings.agent_port,
        ssl_context=_tls(settings),
        limits=ListenerLimits(write_timeout_s=settings.agent_write_timeout),
        departed=neighbours.departed,
        subscribed=neighbours.subscribed,
        connection=neighbours.connection,
        shares_port=shares_port,
    )


def _admitters(basics: Basics, auth: Auth, neighbours: Neighbours, revoked: Revocations) -> Admitters:
    records = basics.records

    async def authenticate(credentials: Credentials) -> Identity | Rejected:
        problem = await revoked.problem(credentials.certificate)
        return auth.authenticator.authenticate(credentials) if problem is None else Rejected(problem)

    return Admitters(
        login=auth.authenticator.login_of_agent,
        authenticate=authenticate,
        authorize=lambda who, namespace, agent: auth.access.allows(
            who, "create", "events", name=agent, namespace=namespace
        ),
        namespace_exists=lambda name: records.get(NAMESPACE, "", name) is not None,
        ready=neighbours.ready,
        caught_up=basics.store.feed.caught_up,
        health=neighbours.health,
        tokens=_tokens(basics),
    )


def _tokens(basics: Basics) -> TokenBucket | None:
    """What limits the rate of handshakes; each worker has its part of the limit."""
    settings = basics.settings
    if not settings.agent_rate_limit:
        return None
    burst = settings.agent_burst_limit or settings.agent_rate_limit
    return TokenBucket(settings.agent_rate_limit / settings.workers, burst // settings.workers, basics.clock)


def _tls(settings: BackendSettings) -> ssl.SSLContext | None:
    context = agents_tls(settings)
    if context is None or not settings.agent_auth_trusted_ca_file:
        return context
    return ask_for_certificates(context, settings.agent_auth_trusted_ca_file)
