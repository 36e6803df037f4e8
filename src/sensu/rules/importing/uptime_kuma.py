"""Monitors and notifications of Uptime Kuma as checks and handlers.

The input has the form of Uptime Kuma 1's backup, which version 2 no longer makes; rows of its database are brought into
the same form. Source: Uptime Kuma, server/model/monitor.js and server/monitor-types.
"""

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote

from sensu.rules.importing import maintenance
from sensu.rules.importing.check_draft import (
    LIKE_A_SECRET,
    NEVER,
    VISIBLE,
    CheckDraft,
    Untakeable,
    json_value,
    pushed_instead,
)
from sensu.rules.importing.command_words import ShellWord, shell_command
from sensu.rules.importing.http_statuses import status_list
from sensu.rules.importing.imported import TIMEOUT_MARGIN_S, Imported, name_from
from sensu.rules.importing.kuma_notifications import service_url
from sensu.rules.importing.maintenance import Subdue
from sensu.rules.importing.untyped import dicts, interval_of, items, limit_of, number
from sensu.rules.importing.web_addresses import joined_address, url_parts, web_address

SOURCE = "Uptime Kuma"
INTERVAL_S = 60
STATUSES = ("200-299",)
_SIMPLE_PATH = re.compile(r"\$?\.?([A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*|\[\d+\])*)")
_AUTHENTICATED_ELSEWHERE = {"oauth2-cc": "OAuth2", "ntlm": "NTLM", "mtls": "a client certificate"}
_NO_CHECK = {
    "grpc-keyword": "gRPC",
    "json-rpc": "JSON-RPC",
    "kafka-producer": "Kafka",
    "mongodb": "MongoDB",
    "mqtt": "MQTT",
    "mysql": "MySQL and MariaDB",
    "sqlserver": "Microsoft SQL Server",
    "oracledb": "Oracle databases",
    "radius": "RADIUS",
    "rabbitmq": "RabbitMQ",
    "real-browser": "pages in a browser",
    "sip-options": "SIP",
    "snmp": "SNMP",
    "steam": "game servers",
    "gamedig": "game servers",
    "tailscale-ping": "Tailscale",
    "websocket-upgrade": "WebSockets",
}
KumaMonitor = Mapping[str, Any]


class _Probe(NamedTuple):
    """The words of a command, and the entity that it looks at."""

    words: Sequence[ShellWord]
    entity: str


class _Monitors:
    """The monitors of one backup."""

    def __init__(
        self,
        imported: Imported,
        handlers: Mapping[str, str],
        groups: Mapping[str, str],
        windows: Mapping[str, Sequence[Subdue]],
    ) -> None:
        self.imported, self.handlers, self.groups, self.windows = imported, handlers, groups, windows

    def add(self, monitor: KumaMonitor) -> None:
        """Add the check of a monitor, or say why there is none."""
        title = str(monitor.get("name") or f"monitor {monitor.get('id')}")
        kind = str(monitor.get("type") or "")
        if kind == "group":
            return
        details = _Details(self.imported, title, monitor)
        try:
            probe = _PROBES[kind](details) if kind in _PROBES else _refuse(kind, title, monitor)
        except Untakeable as why:
            self.imported.leave_out(f'monitor "{title}"', str(why))
            return
        self._add(title, monitor, probe, details)

    def _add(self, title: str, monitor: KumaMonitor, probe: _Probe, details: "_Details") -> None:
        interval = interval_of(number(monitor.get("interval")) or INTERVAL_S)
        limit = limit_of(number(monitor.get("timeout")), interval * 0.8)
        words = ["sensu-check", *probe.words]
        if _flag(monitor.get("upsideDown")):
            words.append("--invert")
        retries = _whole(monitor.get("maxretries"))
        retry = _whole(monitor.get("retryInterval"))
        if retries and retry and retry != interval:
            details.review(f"Uptime Kuma repeated a failed check after {retry} s; checks have one interval", "interval")
        if _whole(monitor.get("resendInterval")):
            details.review("Uptime Kuma sent reminders: set notify.repeat of the handler", "handlers")
        handlers = [self.handlers[one] for one in _ids(monitor.get("notificationIDList")) if one in self.handlers]
        spec: dict[str, Any] = {
            "command": shell_command(*words, "-t", f"{limit:g}s"),
            "interval": interval,
            "timeout": math.ceil(limit) + TIMEOUT_MARGIN_S,
            "handlers": handlers,
            "publish": _flag(monitor.get("active", True)),
        }
        if details.secrets:
            spec["secrets"] = details.secrets
        windows = self.windows.get(str(monitor.get("id")), ())
        if windows:
            spec["subdues"] = [window.spec() for window in windows]
            details.reviews += [review for window in windows for review in window.reviews()]
        labels = {str(tag.get("name")): str(tag.get("value") or "true") for tag in dicts(monitor.get("tags"))}
        group = self.groups.get(str(monitor.get("parent")))
        labels |= {"group": group} if group else {}
        annotations = {"description": str(monitor["description"])} if monitor.get("description") else {}
        self.imported.add_check(
            title,
            spec,
            entity=name_from(probe.entity),
            attempts=retries + 1,
            labels=labels,
            annotations=annotations,
            reviews=details.reviews,
        )


class _Details(CheckDraft):
    """A monitor, and what its check needs besides a command."""

    def __init__(self, imported: Imported, title: str, monitor: KumaMonitor) -> None:
        super().__init__(imported, title)
        self.monitor = monitor

    def text(self, field: str) -> str:
        """A field as text."""
        return str(self.monitor.get(field) or "").strip()

    def needed(self, field: str) -> str:
        """A field as text; raises Untakeable if it is empty."""
        text = self.text(field)
        if not text:
            raise Untakeable(f"it has no {field}")
        return text


def imported_from(backup: Mapping[str, Any], subscription: str, now: float) -> Imported:
    """The resources for a backup: handlers for notifications, and checks for monitors."""
    imported = Imported(SOURCE, subscription)
    monitors = dicts(backup.get("monitorList"))
    handlers = {}
    for notification in dicts(backup.get("notificationList")):
        name = _add_handler(imported, notification)
        if name:
            handlers[str(notification.get("id"))] = name
    groups = {str(one.get("id")): str(one.get("name") or "") for one in monitors if one.get("type") == "group"}
    windows = _windows(imported, dicts(backup.get("maintenanceList")), now)
    all_of_them = _Monitors(imported, handlers, groups, windows)
    for monitor in monitors:
        all_of_them.add(monitor)
    for page in dicts(backup.get("statusPageList")):
        imported.leave_out(f'status page "{page.get("title")}"', "status pages are not taken")
    return imported


def _windows(imported: Imported, plans: Sequence[Mapping[str, Any]], now: float) -> Mapping[str, Sequence[Subdue]]:
    """The windows of maintenance plans, by the ids of their monitors."""
    found: dict[str, list[Subdue]] = {}
    for plan in plans:
        if not _flag(plan.get("active", True)):
            continue
        windows = [*_windows_of(plan, now)]
        if not windows:
            imported.leave_out(f'maintenance "{plan.get("title")}"', "plan it as a silence, or as `subdues` of checks")
        for monitor in items(plan.get("monitors")):
            found.setdefault(str(monitor), []).extend(windows)
    return found


def _windows_of(plan: Mapping[str, Any], now: float) -> Iterator[Subdue]:
    """The windows of one plan; none for a strategy that `subdues` cannot express."""
    strategy, zone = str(plan.get("strategy")), str(plan.get("timezone") or "")
    zone = "" if zone == "SAME_AS_SERVER" else zone
    window: Subdue | None = None
    if strategy == "single":
        window = maintenance.once(str(plan.get("start_date")), str(plan.get("end_date")), zone)
    elif strategy in ("recurring-weekday", "recurring-interval"):
        days = [int(day) for day in items(_decoded(plan.get("weekdays"))) if str(day) in "1234567"]
        repeat = [maintenance.DAYS[day - 1] for day in days] if strategy == "recurring-weekday" else ["daily"]
        if repeat and (strategy == "recurring-weekday" or plan.get("interval_day") == 1):
            seconds = number(plan.get("duration"))
            window = maintenance.repeated(str(plan.get("start_time") or ""), seconds, zone, repeat, now)
    if window is not None:
        yield window


def _add_handler(imported: Imported, notification: Mapping[str, Any]) -> str:
    """Add the handler for a notification, and return its name; empty if it cannot be taken."""
    config = notification.get("config")
    if isinstance(config, str):
        try:
            config = json.loads(config)
        except ValueError:
            config = None
    title = str(notification.get("name") or "notification")
    if not isinstance(config, Mapping):
        imported.leave_out(f'notification "{title}"', "its settings are not JSON")
        return ""
    service = str(config.get("type") or "")
    url = service_url(service, config)
    if url is None:
        why = f"the service {service} is not known, or its settings are not complete"
        imported.leave_out(f'notification "{title}"', why)
        return ""
    return imported.add_notify_handler(title, url)


def _http(details: _Details) -> _Probe:
    monitor, url = details.monitor, details.needed("url")
    parts = web_address(url)
    if parts is None:
        raise Untakeable(f"{url} is not a web address")
    words: list[ShellWord] = ["http", url]
    if parts.username is not None:
        words[1] = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        words += ["--user-env", details.variable("login", login)]
    if LIKE_A_SECRET.search(parts.query):
        details.review(VISIBLE.format("URL"))
    statuses = status_list(_statuses(monitor.get("accepted_statuscodes") or STATUSES))
    words += ["--status", statuses] if statuses else []
    words += _request(details)
    words += _authentication(details)
    words += ["--redirects", str(_whole(monitor.get("maxredirects", 10)))]
    words += ["--insecure"] if _flag(monitor.get("ignoreTls")) else []
    if parts.scheme == "https" and not _flag(monitor.get("expiryNotification", True)):
        words += ["--expires-warning", NEVER, "--expires-critical", NEVER]
    words += {"ipv4": ["--ip4"], "ipv6": ["--ip6"]}.get(details.text("ipFamily"), [])
    if monitor.get("proxyId"):
        details.review("Uptime Kuma used a proxy for this monitor; sensu-check connects directly")
    return _Probe(words, parts.hostname or "")


def _request(details: _Details) -> Iterator[ShellWord]:
    """The flags for the method, the headers and the body."""
    method, body = details.text("method").upper() or "GET", details.text("body")
    if method != "GET" or body:
        yield from ("--method", method)
    kinds = {"form": "application/x-www-form-urlencoded", "xml": "text/xml; charset=utf-8"}
    if body:
        kind = kinds.get(details.text("httpBodyEncoding"), "application/json")
        yield from ("--header", f"Content-Type: {kind}", "--data", body)
        if LIKE_A_SECRET.search(body):
            details.review(VISIBLE.format("body"))
    try:
        headers = json.loads(details.text("headers") or "{}")
    except ValueError:
        headers = None
    if not isinstance(headers, Mapping):
        details.review("the headers are not a JSON object, and were left out")
        return
    for name, value in headers.items():
        yield from details.header(name, str(value))


def _authentication(details: _Details) -> Iterator[ShellWord]:
    method = details.text("authMethod")
    if method in _AUTHENTICATED_ELSEWHERE:
        raise Untakeable(f"it logs in with {_AUTHENTICATED_ELSEWHERE[method]}, which sensu-check http cannot")
    user, password = details.text("basic_auth_user"), details.text("basic_auth_pass")
    if method == "basic" or (not method and user):
        yield from ("--user-env", details.variable("login", f"{user}:{password}"))
    elif method == "bearer":
        yield from ("--token-env", details.variable("token", details.text("bearer_token")))


def _keyword(details: _Details) -> _Probe:
    probe, keyword = _http(details), details.needed("keyword")
    if _flag(details.monitor.get("invertKeyword")):
        return probe._replace(words=[*probe.words, "--regex", rf"(?s)\A(?!.*{re.escape(keyword)})"])
    return probe._replace(words=[*probe.words, "--contains", keyword])


def _json_query(details: _Details) -> _Probe:
    path, operator = details.needed("jsonPath"), details.text("jsonPathOperator") or "=="
    simple = _SIMPLE_PATH.fullmatch(path)
    if simple is None:
        raise Untakeable(f"its JSON query is more than a path: {path}")
    expected = str(details.monitor.get("expectedValue") or "")
    if operator == "contains":
        return _with_condition(details, f"{simple[1]} =~ {re.escape(expected)}")
    if operator not in ("==", "!=", ">", ">=", "<", "<="):
        raise Untakeable(f"the operator {operator} of its JSON query is not known")
    if operator == "==":
        details.review("Uptime Kuma compares texts: put the value in double quotes if the JSON has a text")
    return _with_condition(details, f"{simple[1]} {operator} {json_value(expected)}")


def _with_condition(details: _Details, condition: str) -> _Probe:
    probe = _http(details)
    return probe._replace(words=[*probe.words, "--json", condition])


def _port(details: _Details) -> _Probe:
    host, port = details.needed("hostname"), details.needed("port")
    if details.text("smtpSecurity") not in ("", "nostarttls"):
        details.review("Uptime Kuma connected with TLS here; `sensu-check tls` looks at the certificate")
    return _Probe(["tcp", joined_address(host, port)], host)


def _ping(details: _Details) -> _Probe:
    host = details.needed("hostname")
    count = _whole(details.monitor.get("ping_count"))
    return _Probe(["ping", host, *(["--count", str(count)] if count > 0 else [])], host)


def _dns(details: _Details) -> _Probe:
    name, server = details.needed("hostname"), details.text("dns_resolve_server")
    words = ["dns", name, "--type", details.text("dns_resolve_type") or "A"]
    first, *others = [part.strip() for part in server.split(",") if part.strip()] or [""]
    if first:
        port = _whole(details.monitor.get("port")) or 53
        words += ["--server", first if port == 53 else joined_address(first, str(port))]
    if others or (first and not re.fullmatch(r"[0-9.]+|[0-9A-Fa-f:]+", first)):
        details.review("--server takes one IP address")
    for condition in dicts(_decoded(details.monitor.get("conditions"))):
        if condition.get("variable") == "record" and condition.get("operator") == "equals":
            words += ["--expect", str(condition.get("value"))]
        else:
            details.review(f"a condition is not taken: record {condition.get('operator')} {condition.get('value')}")
    return _Probe(words, name)


def _docker(details: _Details) -> _Probe:
    container = details.needed("docker_container")
    details.review("run this check on the host with the containers: the agent asks its Docker socket", "subscriptions")
    return _Probe(["docker", container], container)


def _postgres(details: _Details) -> _Probe:
    dsn, query = details.needed("databaseConnectionString"), details.text("databaseQuery")
    words, parts = ["postgres", "--dsn-env", details.variable("address", dsn)], url_parts(dsn)
    if query:
        details.review("the first value of the query must be a number, or be given as --expect")
        words += ["--query", query]
    return _Probe(words, parts.hostname if parts and parts.hostname else "database")


def _redis(details: _Details) -> _Probe:
    dsn = details.needed("databaseConnectionString")
    parts = url_parts(dsn)
    if parts is None or not parts.hostname:
        raise Untakeable("the address of the server is not a redis:// URL")
    words = ["redis", joined_address(parts.hostname, str(parts.port or 6379))]
    words += ["--tls"] if parts.scheme == "rediss" else []
    if parts.password:
        user = unquote(parts.username or "")
        secret = unquote(parts.password)
        words += ["--password-env", details.variable("password", f"{user}:{secret}" if user else secret)]
    return _Probe(words, parts.hostname)


def _smtp(details: _Details) -> _Probe:
    host, port = details.needed("hostname"), details.text("port") or "25"
    if details.text("smtpSecurity") == "secure":
        return _Probe(["tls", joined_address(host, port)], host)
    words = ["smtp", joined_address(host, port)]
    if details.text("smtpSecurity") == "starttls":
        words.append("--starttls")
    return _Probe(words, host)


def _ntp(details: _Details) -> _Probe:
    host, port = details.needed("hostname"), details.text("port")
    return _Probe(["ntp", host, *(["--port", port] if port else [])], host)


def _systemd(details: _Details) -> _Probe:
    unit = details.needed("system_service_name")
    details.review("run this check on the host with the service", "subscriptions")
    return _Probe(["systemd", unit], "")


_PROBES: Mapping[str, Callable[[_Details], _Probe]] = {
    "http": _http,
    "keyword": _keyword,
    "json-query": _json_query,
    "port": _port,
    "ping": _ping,
    "dns": _dns,
    "docker": _docker,
    "postgres": _postgres,
    "redis": _redis,
    "smtp": _smtp,
    "ntp": _ntp,
    "system-service": _systemd,
}


def _refuse(kind: str, title: str, monitor: KumaMonitor) -> _Probe:
    """Raise Untakeable with the reason and the remedy for a type without a check."""
    if kind == "push":
        raise Untakeable(pushed_instead(title, _whole(monitor.get("interval")) or INTERVAL_S))
    if kind in _NO_CHECK:
        raise Untakeable(f"sensu-check cannot check {_NO_CHECK[kind]}; use a plugin as the command of a check")
    raise Untakeable(f'the type "{kind}" is not known')


def _statuses(ranges: Any) -> Iterator[int]:
    """The statuses of a list such as `["200-299", "401"]`."""
    ranges = _decoded(ranges)
    for one in ranges if isinstance(ranges, Sequence) else ():
        found = re.fullmatch(r"(\d{3})(?:-(\d{3}))?", str(one).strip())
        if found:
            yield from range(int(found[1]), int(found[2] or found[1]) + 1)


def _ids(chosen: Any) -> Sequence[str]:
    """The ids that a list such as `{"2": true}` chooses."""
    return [str(one) for one, is_chosen in chosen.items() if is_chosen] if isinstance(chosen, Mapping) else []


def _decoded(value: Any) -> Any:
    """A value that may be JSON in a text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return None


def _whole(value: Any) -> int:
    return int(number(value))


def _flag(value: Any) -> bool:
    return value not in (None, False, 0, "0", "", "false")
