"""Judges what `sensu-agent doctor` finds."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from sensu.rules.diagnosis import AGENTS_PORT, API_PORT, GOOD, PROBLEM, WARNING, WEB_PORT, Diagnosis, counted

JOURNAL_WARNING, OLDEST_WARNING_S = 0.5, 300.0
"""The part of the journal that may be full, and the age of its oldest event, before they are a warning."""
UPGRADE_REFUSED = ("'upgrade' token not found", "'websocket' token not found")
KEY_MISSING = "Sec-WebSocket-Key"
"""What a backend misses in a handshake that it would accept: doctor leaves it out, so that no session begins."""
RELAXED = "/usr/share/doc/sensu-agent/examples/relaxed.conf"
PING_RANGE = "net.ipv4.ping_group_range"


class Who(NamedTuple):
    """How an agent introduces itself: its user, or its certificate, its namespace and its name."""

    user: str
    certificate: str
    namespace: str
    name: str

    @property
    def credentials(self) -> str:
        """`the user agent`, or `the certificate /etc/sensu/agent.pem`."""
        return f"the certificate {self.certificate}" if self.certificate else f"the user {self.user}"


class Running(NamedTuple):
    """What the local API of an agent says; `counts` are its metrics by name, each by the value of its label."""

    version: str
    is_connected: bool
    counts: Mapping[str, Mapping[str, float]]


class UnsentEvents(NamedTuple):
    """The events in the journal that were not sent yet."""

    events: int
    size_bytes: int
    oldest_s: float


def of_backend_url(url: str, port: int) -> Diagnosis | None:
    """The URL of a backend whose port is usually that of something else; None for other ports."""
    others = {API_PORT: "the API", WEB_PORT: "the web UI"}
    if port not in others:
        return None
    found = f"{url} has the port that {others[port]} uses by default"
    return Diagnosis(f"backend {url}", WARNING, found, f"agents usually connect to port {AGENTS_PORT}: set backend-url")


def of_failed_connection(url: str, why: str, remedy: str) -> Diagnosis:
    """A backend that could not be reached."""
    return Diagnosis(f"backend {url}", PROBLEM, why, remedy)


def of_handshake(url: str, status: int, body: str, who: Who) -> Diagnosis:
    """The answer of a backend to a handshake without a key."""
    subject, first = f"log-in at {url}", (body.strip().splitlines() or [""])[-1]
    if status == 400 and KEY_MISSING in body:
        return Diagnosis(subject, GOOD, f"{who.credentials} is accepted in namespace {who.namespace}")
    if status == 400 and any(words in body for words in UPGRADE_REFUSED):
        remedy = "let the proxy between agent and backend pass WebSockets: the headers Connection and Upgrade"
        return Diagnosis(subject, PROBLEM, "the request for a WebSocket does not arrive as one", remedy)
    if status == 401:
        found = f"{who.credentials} is not accepted: {first}"
        remedy = "check cert-file and key-file" if who.certificate else "check user and password in agent.yml"
        return Diagnosis(subject, PROBLEM, found, f"{remedy}; on the backend: sensuctl user list")
    if status == 403:
        found = f"{who.credentials} may not create events in namespace {who.namespace} as {who.name}"
        remedy = "give it a role that may create events there, as the cluster role system:agent"
        return Diagnosis(subject, PROBLEM, found, remedy)
    if status == 404 and "namespace" in body:
        remedy = f"create it: sensuctl namespace create {who.namespace}; or set another one in agent.yml"
        return Diagnosis(subject, PROBLEM, f"namespace {who.namespace} does not exist", remedy)
    if status in (429, 503):
        return Diagnosis(
            subject, WARNING, f"the backend takes no agents now: {first}", "wait some seconds, and try again"
        )
    found = f"this does not take agents (status {status}: {first[:200]})"
    return Diagnosis(subject, PROBLEM, found, f"agents usually connect to port {AGENTS_PORT}: set backend-url")


def of_registration(
    wanted: Sequence[str], stored: Sequence[str], unused: Sequence[str], *, has_entity: bool, is_managed: bool
) -> Iterator[Diagnosis]:
    """The subscriptions of an agent: the `wanted` ones of its settings, and the `stored` ones of its entity.

    `is_managed` is set if the agent manages its entity, so that its settings apply at the next connection.
    """
    missing = sorted(set(wanted) - set(stored)) if has_entity and not is_managed else []
    if missing:
        found = f"the settings name {', '.join(missing)}, but the entity of this agent does not have it"
        remedy = "the entity was created before: sensuctl entity update NAME, or set agent-managed-entity: true"
        yield Diagnosis("subscriptions", WARNING, found, remedy)
    if not stored:
        yield Diagnosis(
            "subscriptions", WARNING, "there are none, so no check runs here", "set subscriptions in agent.yml"
        )
    elif unused:
        found = f"no check has the subscription{'s' if len(unused) > 1 else ''} {', '.join(unused)}"
        yield Diagnosis("subscriptions", WARNING, found, "see: sensuctl check list; a check runs where it shares one")
    elif not missing:
        yield Diagnosis("subscriptions", GOOD, ", ".join(stored))


def of_version(url: str, backend: str, own: str) -> Diagnosis:
    """The version of a backend of this project, compared with that of this program."""
    subject, found = f"version at {url}", f"the backend has {backend}, this agent {own}"
    if backend == own:
        return Diagnosis(subject, GOOD, f"{own}, as this agent")
    return Diagnosis(subject, WARNING, found, "upgrade the older one; both sides speak the same protocol meanwhile")


def of_sessions(name: str, sessions: int, *, runs_here: bool) -> Diagnosis | None:
    """The sessions with the name of this agent; None if there is nothing to say."""
    if sessions > 1 or (sessions == 1 and not runs_here):
        found = f"{counted(sessions, 'agent')} with the name {name} {'is' if sessions == 1 else 'are'} connected"
        elsewhere = "" if sessions > 1 else ", but none runs here"
        return Diagnosis("name", PROBLEM, found + elsewhere, "give each agent a name of its own: name in agent.yml")
    return None


def of_service(running: Running | None, own: str) -> Iterator[Diagnosis]:
    """The agent of this host; None if it does not answer."""
    if running is None:
        remedy = "start it: systemctl enable --now sensu-agent; why it ended: journalctl -u sensu-agent"
        yield Diagnosis("service", WARNING, "no agent answers on this host", remedy)
        return
    if not running.is_connected:
        found = "the agent of this host runs, but has no connection to a backend"
        yield Diagnosis("service", PROBLEM, found, "see the lines about backends; its log: journalctl -u sensu-agent")
    elif running.version != own:
        found = f"version {running.version} runs, {own} is installed"
        yield Diagnosis("service", WARNING, found, "run: systemctl restart sensu-agent")
    else:
        yield Diagnosis("service", GOOD, "the agent of this host runs and is connected")
    yield from _of_counts(running.counts)


def _of_counts(counts: Mapping[str, Mapping[str, float]]) -> Iterator[Diagnosis]:
    dropped = counts.get("sensu_go_agent_check_requests_dropped", {})
    late = {why: int(count) for why, count in dropped.items() if why in ("still running", "too many waiting") and count}
    if late:
        found = "check requests were not run: " + ", ".join(f"{count} {why}" for why, count in sorted(late.items()))
        yield Diagnosis(
            "late",
            WARNING,
            found,
            "checks take longer than their interval: give them a timeout, or run them less often",
        )
    lost = {why: int(count) for why, count in counts.get("sensu_agent_events_lost", {}).items() if count}
    if lost:
        found = "events were given up: " + ", ".join(f"{count} because of {why}" for why, count in sorted(lost.items()))
        yield Diagnosis("lost", WARNING, found, "see journal-max-bytes and journal-max-age, and the disk of cache-dir")
    refused = sorted(name for name, count in counts.get("sensu_agent_privileges_refused", {}).items() if count)
    if refused:
        found = f"the service refuses privileges to {', '.join(refused)}, for example to sudo"
        yield Diagnosis(
            "privileges", WARNING, found, f"if you want that, use the drop-in {RELAXED}, whose head says how"
        )


def of_journal(queue: UnsentEvents, bytes_max: int) -> Diagnosis:
    """The events that wait to be sent."""
    if not queue.events:
        return Diagnosis("journal", GOOD, "no event waits")
    found = f"{counted(queue.events, 'event')} wait, the oldest for {queue.oldest_s:.0f} s"
    if queue.size_bytes > bytes_max * JOURNAL_WARNING:
        found += f", and {100 * queue.size_bytes / bytes_max:.0f} % of the journal is full"
    elif queue.oldest_s <= OLDEST_WARNING_S:
        return Diagnosis("journal", GOOD, found)
    return Diagnosis(
        "journal", WARNING, found, "they are sent once the agent is connected; the oldest go when it is full"
    )


def of_cache(path: str, problem: str, owner: str, user: str) -> Diagnosis:
    """The folder of assets and journal; `problem` says why it cannot be used, and `user` by whom."""
    if problem:
        remedy = f"make it writable: install -d -o {owner or user} {path}; or set cache-dir"
        return Diagnosis("cache", PROBLEM, f"{path} cannot be written by {user}: {problem}", remedy)
    return Diagnosis("cache", GOOD, path)


def of_ping(text: str, groups: Iterable[int]) -> Diagnosis | None:
    """The groups that may send ICMP echo requests; None where the kernel does not say."""
    low, _, high = text.strip().partition("\t")
    if not (low.isdecimal() and high.isdecimal()):
        return None
    if any(int(low) <= group <= int(high) for group in groups):
        return Diagnosis("ping", GOOD, "sensu-check ping may send ICMP")
    remedy = f"if you use it: sysctl -w '{PING_RANGE}=0 2147483647', and put that line into /etc/sysctl.d/60-sensu.conf"
    return Diagnosis("ping", WARNING, "sensu-check ping may not send ICMP as this group", remedy)
