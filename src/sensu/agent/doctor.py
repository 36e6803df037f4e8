"""`sensu-agent doctor`: looks at everything that the agent depends on, and says what helps.

Nothing is changed. It reads the settings of the agent that it examines, so run it on the same host.
"""

import contextlib
import http.client
import os
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple, TextIO
from urllib.parse import urlsplit

import msgspec

from sensu.agent import settings
from sensu.agent.journal_survey import survey
from sensu.agent.settings import AgentDoctorSettings, AgentSettings, without_secrets
from sensu.agent.tls import WANTS_TLS, client_context, endpoint
from sensu.clock import Clock
from sensu.diagnosis_report import report
from sensu.doctor_command import exit_status_of
from sensu.errors import ConfigurationError, system_reason
from sensu.host_facts import disk_of, is_taken, user_exists, user_name
from sensu.rules import agent_diagnosis, diagnosis
from sensu.rules.agent_diagnosis import Running, UnsentEvents, Who
from sensu.rules.diagnosis import PROBLEM, WARNING, Diagnosis
from sensu.tls_diagnosis import explain, speaks_tls_words
from sensu.transport.agent_socket import proxy_for
from sensu.transport.handshake import agent_headers
from sensu.transport.registration import PATH, Registration
from sensu.version import VERSION

USAGE = "sensu-agent doctor"
STEP_S = 5.0
"""The time limit of each connection and answer."""
ANSWER_BYTES_MAX = 1 << 20
AT_ONCE = 8
UPGRADE = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
PING_RANGE = Path("/proc/sys/net/ipv4/ping_group_range")
SERVICE_USER = "sensu"


def doctor(arguments: Sequence[str], environment: Mapping[str, str], stdout: TextIO, clock: Clock) -> int:
    """Run the command and return its exit status: 1 for warnings, 2 for problems."""

    def examine() -> int:
        remarks: list[str] = []
        read = settings.read_as(AgentDoctorSettings, USAGE, arguments, environment, remarks.append)
        return report(_findings(read, remarks, clock), read.format, stdout)

    return exit_status_of(examine, "sensu-agent", stdout)


def _findings(read: AgentSettings, remarks: Sequence[str], clock: Clock) -> Iterator[Diagnosis]:
    file = read.config_file if Path(read.config_file).exists() else ""
    yield diagnosis.of_settings(remarks, file)
    running = None if read.disable_api else _running(read)
    if not read.disable_api:
        yield from agent_diagnosis.of_service(running, VERSION)
    if running is None:
        yield from _ports(read)
    yield from _backends(read, running, clock)
    yield from _folders(read, clock)
    found = agent_diagnosis.of_ping(_text(PING_RANGE), (os.getegid(), *os.getgroups()))
    if found is not None:
        yield found


def _running(read: AgentSettings) -> Running | None:
    """What the agent of this host says of itself; None if none answers."""
    try:
        version, health, metrics = (_local(read, path) for path in ("/version", "/healthz", "/metrics"))
        said = msgspec.json.decode(version.body, type=dict[str, str]).get("version", "")
        return Running(said, health.status == 200, _counts(metrics.body.decode("utf-8", "replace")))
    except (OSError, http.client.HTTPException, ValueError):
        return None


class _Answer(NamedTuple):
    status: int
    body: bytes
    date: str
    peer: Mapping[str, object]


def _local(read: AgentSettings, path: str) -> _Answer:
    return _answer(http.client.HTTPConnection(read.api_host, read.api_port, timeout=STEP_S), path, {})


def _answer(connection: http.client.HTTPConnection, path: str, headers: Mapping[str, str]) -> _Answer:
    """The answer to a GET request, and the certificate of the server; raises OSError and HTTPException."""
    with contextlib.closing(connection):
        connection.connect()
        peer = connection.sock.getpeercert() if isinstance(connection.sock, ssl.SSLSocket) else None
        connection.request("GET", path, headers=dict(headers))
        answer = connection.getresponse()
        return _Answer(answer.status, answer.read(ANSWER_BYTES_MAX), answer.getheader("Date") or "", peer or {})


def _counts(exposition: str) -> Mapping[str, Mapping[str, float]]:
    """The metrics with one label, by name and the value of the label."""
    found: dict[str, dict[str, float]] = {}
    for line in exposition.splitlines():
        name, brace, rest = line.partition("{")
        label, _, count = rest.rpartition("} ")
        if brace and not line.startswith("#"):
            with contextlib.suppress(ValueError):
                found.setdefault(name, {})[label.partition('="')[2].rstrip('"')] = float(count)
    return found


def _ports(read: AgentSettings) -> Iterator[Diagnosis]:
    """The ports that the agent will use, while it does not run."""
    wanted = [
        ("API port", read.api_host, read.api_port, socket.SOCK_STREAM, "--api-port", read.disable_api),
        ("socket port", read.socket_host, read.socket_port, socket.SOCK_STREAM, "--socket-port", read.disable_sockets),
        (
            "StatsD port",
            read.statsd_metrics_host,
            read.statsd_metrics_port,
            socket.SOCK_DGRAM,
            "--statsd-metrics-port",
            read.statsd_disable,
        ),
    ]
    for subject, host, port, kind, flag, is_off in wanted:
        if not is_off and port:
            yield diagnosis.of_port(subject, f"{host}:{port}", is_taken(host, port, kind), flag)


def _backends(read: AgentSettings, running: Running | None, clock: Clock) -> Iterator[Diagnosis]:
    """All backends, examined at the same time and shown in order; what they say about the agent is shown once."""
    try:
        context = client_context(read)
    except ConfigurationError as err:
        yield Diagnosis("TLS", PROBLEM, str(err), "correct the path, or the file")
        return
    with ThreadPoolExecutor(AT_ONCE) as threads:
        found = list(threads.map(partial(_backend, read, context, clock), read.backend_url))
    for findings, _ in found:
        yield from findings
    known = next((registration for _, registration in found if registration is not None), None)
    if known is not None:
        same = agent_diagnosis.of_sessions(read.name, known.sessions, runs_here=running is not None)
        if same is not None and not read.disable_api:
            yield same
        yield from agent_diagnosis.of_registration(
            read.subscriptions,
            known.subscriptions,
            known.unused,
            has_entity=known.has_entity,
            is_managed=read.agent_managed_entity,
        )
    elif not read.subscriptions:
        yield from agent_diagnosis.of_registration((), (), (), has_entity=False, is_managed=False)


def _backend(
    read: AgentSettings, context: ssl.SSLContext | None, clock: Clock, url: str
) -> tuple[list[Diagnosis], Registration | None]:
    """What is found at a backend, and what it says about this agent, None if it does not know that question."""
    shown, port = without_secrets(url), urlsplit(url).port or 0
    findings = [odd] if (odd := agent_diagnosis.of_backend_url(shown, port)) else []
    credentials = None if read.with_certificate else (read.user, read.password)
    headers = dict(agent_headers(read.name, read.namespace, read.subscriptions, credentials=credentials))
    who = Who(read.user, read.cert_file if read.with_certificate else "", read.namespace, read.name)
    try:
        began = clock.monotonic()
        answer = _answer(_connection(url, context), "/", {**headers, **UPGRADE})
        took_ms = 1000 * (clock.monotonic() - began)
    except (OSError, http.client.HTTPException) as err:
        why = explain(
            err, endpoint(url), context, probes=proxy_for(url) is None, shows_certificate=read.with_certificate
        )
        remedy = "" if why else _remedy(err, port)  # explanations of TLS name their remedy
        findings.append(agent_diagnosis.of_failed_connection(shown, why or system_reason(err), remedy))
        return findings, None
    if WANTS_TLS in answer.body.decode("utf-8", "replace"):
        why = speaks_tls_words(endpoint(url))
        return [*findings, agent_diagnosis.of_failed_connection(shown, why, "set backend-url in agent.yml")], None
    findings.append(Diagnosis(f"backend {shown}", diagnosis.GOOD, f"answers within {took_ms:.0f} ms"))
    findings += _certificate(read, shown, answer, clock)
    with contextlib.suppress(ValueError):  # a backend need not send its time
        ahead_s = parsedate_to_datetime(answer.date).timestamp() + 0.5 - clock.now()
        findings.append(diagnosis.of_clock(ahead_s, f"clock of {shown}"))
    let_in = agent_diagnosis.of_handshake(shown, answer.status, answer.body.decode("utf-8", "replace"), who)
    known = _registration(url, context, headers) if let_in.level == diagnosis.GOOD else None
    versions = [agent_diagnosis.of_version(shown, known.version, VERSION)] if known is not None else []
    return [*findings, let_in, *versions], known


def _remedy(err: Exception, port: int) -> str:
    if isinstance(err, ConnectionRefusedError):
        return f"is the backend running there, and is the port right? Agents connect to {diagnosis.AGENTS_PORT}"
    if isinstance(err, socket.gaierror):
        return "the host name is unknown: correct backend-url in agent.yml, or the name server"
    if isinstance(err, TimeoutError):
        return f"is the host right, and does a firewall let connections to port {port} through?"
    return "correct backend-url in agent.yml, or trusted-ca-file"


def _connection(url: str, context: ssl.SSLContext | None) -> http.client.HTTPConnection:
    """A connection to a backend, through the proxy of the environment if it has one."""
    parts = urlsplit(url)
    host, port, proxy = parts.hostname or "", parts.port or diagnosis.AGENTS_PORT, proxy_for(url)
    first = urlsplit(proxy) if proxy else None
    through = (first.hostname or "", first.port or 80) if first else (host, port)
    connection: http.client.HTTPConnection
    if parts.scheme == "wss":
        connection = http.client.HTTPSConnection(*through, timeout=STEP_S, context=context)
    else:
        connection = http.client.HTTPConnection(*through, timeout=STEP_S)
    if first:
        connection.set_tunnel(host, port)
    return connection


def _certificate(read: AgentSettings, url: str, answer: _Answer, clock: Clock) -> list[Diagnosis]:
    if not url.startswith("wss:"):
        return []
    subject = f"certificate of {url}"
    if read.insecure_skip_tls_verify:
        remedy = "set trusted-ca-file instead of insecure-skip-tls-verify"
        return [Diagnosis(subject, WARNING, "is not verified", remedy)]
    ends = ssl.cert_time_to_seconds(str(answer.peer["notAfter"]))
    return [diagnosis.of_certificate(int((ends - clock.now()) // 86_400), subject)]


def _registration(url: str, context: ssl.SSLContext | None, headers: Mapping[str, str]) -> Registration | None:
    with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
        answer = _answer(_connection(url, context), PATH, headers)
        return msgspec.json.decode(answer.body, type=Registration) if answer.status == 200 else None
    return None


def _folders(read: AgentSettings, clock: Clock) -> Iterator[Diagnosis]:
    """The folder of assets and journal, its disk, and the events that wait."""
    path = Path(read.cache_dir).absolute()
    there = next(folder for folder in (path, *path.parents) if folder.exists())
    user, owner = user_name(os.geteuid()), user_name(there.stat().st_uid)
    problem = "" if os.access(there, os.W_OK | os.X_OK) else "permission denied"
    if not problem and os.geteuid() == 0 and user_exists(SERVICE_USER) and owner != SERVICE_USER and there == path:
        problem, user = f"it belongs to {owner}", SERVICE_USER
    yield agent_diagnosis.of_cache(str(path), problem, SERVICE_USER if user == "root" else user, user)
    if not problem:
        yield disk_of(there, "disk")
    if read.journal_folder is not None:
        queues = []
        for name in ("events", "api"):
            with contextlib.suppress(OSError):
                queues.append(survey(read.journal_folder / name, clock))
        whole = UnsentEvents(
            sum(one.events for one in queues),
            max((one.size_bytes for one in queues), default=0),
            max((one.oldest_s for one in queues), default=0.0),
        )
        yield agent_diagnosis.of_journal(whole, read.journal_max_bytes)


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""
