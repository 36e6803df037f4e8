"""Endpoints and alerts of Gatus as checks and handlers.

Source: Gatus, README.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sensu.errors import InvalidResource
from sensu.resources.kinds import HANDLER
from sensu.rules.go_duration import format_s, parse_s
from sensu.rules.importing import maintenance
from sensu.rules.importing.check_draft import (
    LIKE_A_SECRET,
    NEVER,
    VISIBLE,
    CheckDraft,
    Untakeable,
    pushed_instead,
)
from sensu.rules.importing.command_words import ShellVariable, ShellWord, shell_command
from sensu.rules.importing.gatus_alerts import service_url
from sensu.rules.importing.gatus_conditions import Expectations, days_range, expectations_of, shown
from sensu.rules.importing.http_statuses import status_list
from sensu.rules.importing.imported import TIMEOUT_MARGIN_S, Imported, name_from
from sensu.rules.importing.untyped import dicts, interval_of, items, limit_of, mapping, number, texts
from sensu.rules.importing.web_addresses import joined_address, url_parts, web_address

SOURCE = "Gatus"
INTERVAL_S, TIMEOUT_S, FAILURES = 60.0, 10.0, 3
REMINDER_MIN_S = 60
HEARTBEAT_S = 3600
"""The time without a result after which a check fails that had no such time."""
_VARIABLE = re.compile(r"\$\{(\w+)\}|\$([A-Za-z_]\w*)|(\$\$)")
_PLACEHOLDER = re.compile(r"\[(?:ENDPOINT_NAME|ENDPOINT_GROUP|ENDPOINT_URL|LOCAL_ADDRESS|RANDOM_STRING_\d+|CONTEXT)\]")
_NO_CHECK = {"ws": "WebSockets", "wss": "WebSockets", "grpc": "gRPC", "grpcs": "gRPC", "udp": "UDP", "sctp": "SCTP"}
GatusEndpoint = Mapping[str, Any]


def imported_from(config: Mapping[str, Any], subscription: str, now: float) -> Imported:
    """The resources for a configuration: checks for endpoints, and handlers for the alerts that they use."""
    imported = Imported(SOURCE, subscription)
    alerts = _Alerts(imported, mapping(config.get("alerting")))
    everywhere = mapping(config.get("maintenance"))
    for endpoint in dicts(config.get("endpoints")):
        windows = [one for one in (everywhere, *dicts(endpoint.get("maintenance-windows"))) if one]
        try:
            _add(imported, alerts, endpoint, [one for one in windows if one.get("enabled", True) is not False], now)
        except Untakeable as why:
            imported.leave_out(f'endpoint "{_title(endpoint)}"', str(why))
    for endpoint in dicts(config.get("external-endpoints")):
        interval = _seconds(mapping(endpoint.get("heartbeat")).get("interval"), 0.0)
        instead = pushed_instead(_title(endpoint), int(interval) or HEARTBEAT_S)
        imported.leave_out(f'external endpoint "{_title(endpoint)}"', instead)
    for suite in dicts(config.get("suites")):
        imported.leave_out(f'suite "{suite.get("name")}"', "a check cannot use what the answer to another one said")
    return imported


def _add(
    imported: Imported,
    alerts: "_Alerts",
    endpoint: GatusEndpoint,
    windows: Sequence[Mapping[str, Any]],
    now: float,
) -> None:
    title = _title(endpoint)
    draft = CheckDraft(imported, title)
    client = mapping(endpoint.get("client"))
    for setting in ("oauth2", "identity-aware-proxy", "tunnel"):
        if client.get(setting):
            raise Untakeable(f"its client has {setting}, which sensu-check does not know")
    for setting in ("proxy-url", "tls", "dns-resolver"):
        if client.get(setting):
            draft.review(f"client.{setting} is not taken")
    dns = endpoint.get("dns")
    expected = expectations_of(map(str, items(endpoint.get("conditions"))), of_dns=isinstance(dns, Mapping))
    words, entity = _probe(draft, endpoint, client, expected)
    for text in shown(expected.unknown):
        draft.review(text)
    limit = limit_of(_seconds(client.get("timeout"), TIMEOUT_S), TIMEOUT_S)
    interval = interval_of(_seconds(endpoint.get("interval"), INTERVAL_S))
    handlers, attempts = alerts.of(endpoint, draft)
    spec: dict[str, Any] = {
        "command": shell_command("sensu-check", *words, "-t", f"{limit:g}s"),
        "interval": interval,
        "timeout": math.ceil(limit) + TIMEOUT_MARGIN_S,
        "handlers": handlers,
        "publish": endpoint.get("enabled", True) is not False,
    }
    if draft.secrets:
        spec["secrets"] = draft.secrets
    subdues = [*_subdues(draft, windows, now)]
    if subdues:
        spec["subdues"] = subdues
    labels = {"group": str(endpoint["group"])} if endpoint.get("group") else {}
    labels |= texts(endpoint.get("extra-labels"))
    imported.add_check(title, spec, entity=name_from(entity), attempts=attempts, labels=labels, reviews=draft.reviews)


def _subdues(draft: CheckDraft, windows: Iterable[Mapping[str, Any]], now: float) -> Iterator[dict[str, object]]:
    for window in windows:
        days = [f"{str(day).lower()}s" for day in items(window.get("every"))]
        found = maintenance.repeated(
            str(window.get("start") or ""),
            _seconds(window.get("duration"), 0.0),
            str(window.get("timezone") or ""),
            [day for day in days if day in maintenance.DAYS] or ["daily"],
            now,
        )
        if found is None:
            draft.review("a maintenance window is not taken: plan it as `subdues`", "interval")
        else:
            draft.reviews += found.reviews()
            yield found.spec()


def _probe(
    draft: CheckDraft, endpoint: GatusEndpoint, client: Mapping[str, Any], expected: Expectations
) -> tuple[Sequence[ShellWord], str]:
    """The words of a command, and the entity that it looks at; raises Untakeable."""
    url = str(endpoint.get("url") or "")
    dns = endpoint.get("dns")
    if isinstance(dns, Mapping):
        return _dns(draft, url, dns, expected), str(dns.get("query-name") or "").rstrip(".")
    parts = url_parts(url)
    host = parts.hostname if parts else None
    if parts is None or not host:
        raise Untakeable(f'"{url}" is not a URL with a host')
    if parts.scheme in ("http", "https"):
        return [*_http(draft, endpoint, client, expected)], host
    address = joined_address(host, str(parts.port or ""))
    slow = f"{expected.slowest_ms:g}ms" if expected.slowest_ms else ""
    if parts.scheme in ("tls", "starttls"):
        start = ["--starttls", "smtp"] if parts.scheme == "starttls" else []
        insecure = ["--insecure"] if client.get("insecure") else []
        critical = days_range(expected.expires_s) if expected.expires_s else NEVER
        return ["tls", address, *start, *insecure, "-w", NEVER, "-c", critical], host
    if parts.scheme == "tcp":
        return ["tcp", address, *(["-c", slow] if slow else [])], host
    if parts.scheme == "icmp":
        return ["ping", host, *(["-c", f"{slow},60%"] if slow else [])], host
    if parts.scheme == "ssh":
        if endpoint.get("body"):
            draft.review("no command is run on the host, so that its status and output are not checked")
        return ["ssh", joined_address(host, str(parts.port or 22)), *(["-c", slow] if slow else [])], host
    if parts.scheme in _NO_CHECK:
        raise Untakeable(f"sensu-check cannot check {_NO_CHECK[parts.scheme]}")
    raise Untakeable(f"the scheme {parts.scheme} is not known")


def _dns(draft: CheckDraft, server: str, dns: Mapping[str, Any], expected: Expectations) -> list[ShellWord]:
    words: list[ShellWord] = ["dns", str(dns.get("query-name") or "").rstrip(".")]
    if not words[1]:
        raise Untakeable("it has no dns.query-name")
    words += ["--type", str(dns.get("query-type") or "A")]
    words += ["--server", server.removeprefix("dns://")] if server else []
    for record in expected.records:
        words += ["--expect", record]
    if server and not re.fullmatch(r"[0-9.]+(:\d+)?|\[?[0-9A-Fa-f:]+\]?(:\d+)?", server):
        draft.review("--server takes one IP address")
    return words + (["-c", f"{expected.slowest_ms:g}ms"] if expected.slowest_ms else [])


def _http(
    draft: CheckDraft, endpoint: GatusEndpoint, client: Mapping[str, Any], expected: Expectations
) -> Iterator[ShellWord]:
    url = str(endpoint["url"])
    parts = web_address(url)
    if parts is not None and parts.username is not None:
        raise Untakeable("its URL has a password: use a header")
    if LIKE_A_SECRET.search(parts.query if parts else ""):
        draft.review(VISIBLE.format("URL"))
    yield from ("http", _with_variables(draft, url))
    statuses = status_list(expected.statuses)
    if not statuses:
        raise Untakeable("no status can fulfil its conditions")
    yield from ("--status", statuses)
    yield from _request(draft, endpoint)
    if expected.slowest_ms:
        yield from ("-c", f"{expected.slowest_ms:g}ms")
    for condition in expected.json:
        yield from ("--json", condition)
    if expected.body:
        yield from ("--regex", expected.body)
    yield from ("--redirects", "0" if client.get("ignore-redirect") else "10")
    if client.get("insecure"):
        yield "--insecure"
    if url.startswith("https:"):
        critical = days_range(expected.expires_s) if expected.expires_s else NEVER
        yield from ("--expires-warning", NEVER, "--expires-critical", critical)


def _request(draft: CheckDraft, endpoint: GatusEndpoint) -> Iterator[ShellWord]:
    """The flags for the method, the body and the headers."""
    method, body = str(endpoint.get("method") or "GET").upper(), str(endpoint.get("body") or "")
    if method != "GET" or body:
        yield from ("--method", method)
    if body and endpoint.get("graphql"):
        draft.review("the body was the query of GraphQL: write it as a JSON object with the key query")
    if _PLACEHOLDER.search(body):
        draft.review("the body has a placeholder, which is not replaced")
    if body:
        yield from ("--data", _with_variables(draft, body))
    for name, value in texts(endpoint.get("headers")).items():
        yield from draft.header(name, _with_variables(draft, value))


def _with_variables(draft: CheckDraft, text: str) -> ShellWord:
    """A text in which the variables of Gatus's environment are variables of the check."""
    parts: list[str | ShellVariable] = []
    at = 0
    for found in _VARIABLE.finditer(text):
        parts.append(text[at : found.start()])
        name = found[1] or found[2]
        parts.append(ShellVariable(draft.variable_of_environment(name)) if name else "$")
        at = found.end()
    parts.append(text[at:])
    if any(isinstance(part, ShellVariable) for part in parts):
        return tuple(part for part in parts if part)
    return "".join(str(part) for part in parts)


class _Alerts:
    """The handlers for alerts, each made when it is first used."""

    def __init__(self, imported: Imported, alerting: Mapping[str, Any]) -> None:
        self._imported, self._alerting = imported, alerting
        self._handlers: dict[str, str] = {}

    def of(self, endpoint: GatusEndpoint, draft: CheckDraft) -> tuple[list[str], int]:
        """The handlers of an endpoint, and after how many failures they get its events."""
        handlers: list[str] = []
        failures: list[int] = []
        for one in dicts(endpoint.get("alerts")):
            kind = str(one.get("type") or "")
            provider = mapping(self._alerting.get(kind))
            alert = {**mapping(provider.get("default-alert")), **one}
            handler = self._handler(kind, provider, alert) if alert.get("enabled", True) is not False else ""
            if handler:
                handlers.append(handler)
                failures.append(max(1, int(_seconds(alert.get("failure-threshold"), FAILURES))))
        if len(set(failures)) > 1:
            counts = " or ".join(map(str, sorted(set(failures))))
            draft.review(f"Gatus waited for {counts} failures: all handlers now wait for the least", "handlers")
        return list(dict.fromkeys(handlers)), min(failures, default=1)

    def _handler(self, kind: str, provider: Mapping[str, Any], alert: Mapping[str, Any]) -> str:
        override = mapping(alert.get("provider-override"))
        settings = {**provider, **override}
        when = ["incident", "resolve"] if alert.get("send-on-resolved") else ["incident"]
        reminder = _seconds(alert.get("minimum-reminder-interval"), 0.0)
        key = repr((kind, sorted(override.items()), when, reminder))
        if key not in self._handlers:
            self._handlers[key] = self._added(kind, settings, when, reminder)
        return self._handlers[key]

    def _added(self, kind: str, settings: Mapping[str, Any], when: list[str], reminder: float) -> str:
        variables: list[str] = []
        url = service_url(kind, settings, variables)
        if url is None:
            why = "the service is not known, or its settings are not complete or come from the environment"
            self._imported.leave_out(f'alerts of the type "{kind}"', why)
            return ""
        notify: dict[str, Any] = {"when": when} if when != ["incident", "resolve"] else {}
        if reminder >= REMINDER_MIN_S:
            notify["repeat"] = format_s(reminder)
        if not variables:
            return self._imported.add_notify_handler(kind, url, notify)
        name = self._imported.name(HANDLER, kind)
        references = [self._imported.secret_of_environment(variable) for variable in variables]
        self._imported.add_handler(name, [url], references, notify)
        return name


def _title(endpoint: GatusEndpoint) -> str:
    group, name = str(endpoint.get("group") or ""), str(endpoint.get("name") or endpoint.get("url") or "endpoint")
    return f"{group}/{name}" if group else name


def _seconds(value: Any, default: float) -> float:
    """A duration such as `1m30s` in seconds; a number is that number."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value)
    try:
        return number(parse_s(str(value))) if value else default
    except InvalidResource:
        return default
