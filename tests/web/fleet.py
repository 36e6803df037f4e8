"""A small company's hosts and checks, and hosts with awkward names and outputs."""

from collections.abc import Iterator
from math import sin
from pathlib import Path
from time import time
from typing import Any

from sensu.store.activity_values import CountActivity
from sensu.store.sqlite.store import SQLiteStore
from tests.web.world import World

_NOT_SILENCED = {"name": "not_silenced", "type": "EventFilter", "api_version": "core/v2"}
_IS_INCIDENT = {"name": "is_incident", "type": "EventFilter", "api_version": "core/v2"}
CHECKS = {
    "http": ("check-http -u https://{{ .labels.host }}/health", "web", 10, "200 OK in 84 ms"),
    "disk": ("check-disk -w 80 -c 90", "linux", 60, "/ is 41 % full | used=41"),
    "load": ("check-load -w 1 -c 2", "linux", 30, "load 0.42 per processor | load1=0.42 load5=0.43 load15=0.40"),
    "certificate": ("check-certificate -w 30 -c 7", "web", 3600, "valid for 71 days"),
    "replication": ("check-replication --lag 30", "database", 30, "0.4 s behind"),
    "backup": ("check-backup --age 26h", "database", 600, "last backup 3 h ago, 41 GB"),
}
HOSTS = {
    "web1": ("http", "disk", "load", "certificate"),
    "web2": ("http", "disk", "load", "certificate"),
    "web3": ("http", "disk", "load", "certificate"),
    "db1": ("disk", "load", "replication", "backup"),
    "db2": ("disk", "load", "replication"),
    "cache1": ("disk", "load"),
    "mail1": ("disk", "load", "certificate"),
}
HOOKS = {
    "busiest-processes": "ps -eo pcpu,pid,args --sort=-pcpu | head -20",
    "listening-ports": "ss -tlnp",
    "restart-web-server": "systemctl restart nginx",
}
TROUBLES = {
    ("web1", "http"): (2, "connect to 10.0.0.11:443 refused"),
    ("db1", "disk"): (2, "/var is 97 % full | used=97"),
    ("web3", "certificate"): (1, "valid for 12 days"),
    ("db2", "replication"): (1, "41 s behind"),
    ("mail1", "load"): (3, "check-load: command not found"),
}
LONG_NAME = "edge-router.rack-17.building-b.frankfurt.eu-central.internal.example.com"
AWKWARD = (
    (LONG_NAME, "interface-errors-on-all-uplinks-of-the-aggregation-layer", 1, "12 errors on ae0 " * 240),
    ("host-41", "right-to-left", 2, "القرص ممتلئ بنسبة ٩٧٪"),
    ("host-42", "markup", 2, "<img src=x onerror=alert(1)><script>alert(2)</script>{{ template }} ${x}"),
    ("host-43", "lines", 1, "\n".join(f"line {number}: \x1b[31mred\x1b[0m and \u202ereversed" for number in range(80))),
    ("host-44", "nothing", 0, ""),
    ("host-45", "one-word", 2, "x" * 4000),
)


def fill(world: World) -> None:
    """Passing checks and five troubles; a silence, a pipeline with a handler, another namespace, two users."""
    world.create(*_resources())
    for host, checks in HOSTS.items():
        labels = {"region": "eu" if host < "m" else "us", "host": f"{host}.example.com"}
        for check in checks:
            world.report(host, check, 0, CHECKS[check][3], labels=labels, **_given(check))
    for (host, check), (status, output) in TROUBLES.items():
        for _ in range(3):
            world.report(host, check, status, output, **_given(check))


def fill_with_history(world: World) -> None:
    """A day of results of two checks of web1: one is slow before it fails, the other has metrics in its output."""
    now = int(time())
    for number in range(96):
        executed = now - 900 * (96 - number)
        wave = sin(number / 9)
        slow = 0.09 + 0.02 * wave + (0.4 if 60 < number < 66 else 0)
        status, output = (2, "connect to 10.0.0.11:443 refused") if 63 < number < 66 else (0, CHECKS["http"][3])
        world.report("web1", "http", status, output, executed=executed, duration=slow, **_given("http"))
        one, five = 0.4 + 0.2 * wave + number % 7 / 40, 0.42 + 0.15 * wave
        perfdata = f"load {one:.2f} per processor | load1={one:.2f} load5={five:.2f} load15={0.4 + 0.1 * wave:.2f}"
        world.report("web1", "load", 0, perfdata, executed=executed, duration=0.02, **_given("load"))


async def fill_with_activity(folder: Path) -> None:
    """A day of counts of the namespace default, in the database of a backend that does not run."""
    now = int(time())
    store = SQLiteStore(folder / "state")
    await store.open()
    for minute in range(24 * 60):
        wave, trouble = sin(minute / 230), 500 < minute < 590
        one = CountActivity(
            "default",
            now - 60 * (24 * 60 - minute),
            incidents=3 + int(2 * wave) + (9 if trouble else 0),
            changes=(minute % 17 == 0) + (minute % 5 == 0) * (4 if trouble else 0),
            events=140 + int(30 * wave) + minute % 11,
            delivered=int(minute % 13 == 0) + trouble,
            failed=int(560 < minute < 580),
        )
        await store.commit([one])
    await store.close()


def send_through_pipelines(world: World) -> None:
    """Results that go through the pipeline of incidents: one handler gets them, the other fails."""
    for host, check in (*TROUBLES, ("web2", "http"), ("cache1", "load")):
        status, output = TROUBLES.get((host, check), (0, CHECKS[check][3]))
        world.report(host, check, status, output, through=["incidents"], **_given(check))


def fill_with_awkward_hosts(world: World) -> None:
    """Long names, right-to-left text, markup, control characters, empty and endless outputs."""
    for host, check, status, output in AWKWARD:
        world.report(host, check, status, output)


def fill_with_awkward_handling(world: World) -> None:
    """Deliveries that fail and wait, and silences of each sort, for pictures."""
    gone = {"type": "pipe", "command": "echo no route to host; exit 3", "retry_attempts": 0}
    busy = {"type": "pipe", "command": "echo 'timed out '; exit 4", "retry_attempts": 3, "retry_delay": 3600}
    world.create(_resource("Handler", "chat", gone), _resource("Handler", "mail", busy))
    for number, handlers in enumerate((["chat"], ["chat"], ["mail"], ["chat", "mail"], ["chat"])):
        world.report(f"rack-{number}", "power", 2, "no power", handlers=handlers)
    world.report(LONG_NAME, "power", 2, "no power", handlers=["chat"])
    long = {"subscription": f"entity:{LONG_NAME}", "reason": "القرص ممتلئ " * 20, "expire": 4 * 86_400}
    until = {"subscription": "linux", "check": "disk", "expire_on_resolve": True, "reason": "new disks are ordered"}
    world.create(
        _resource("Silenced", f"entity:{LONG_NAME}:*", long),
        _resource("Silenced", "linux:disk", until),
        _resource("Silenced", "entity:cache1:*", {"subscription": "entity:cache1", "begin": 4_000_000_000}),
        _resource("Silenced", "database:*", {"subscription": "database", "begin": int(time()) + 7200, "expire": 3600}),
    )


def _given(check: str) -> dict[str, Any]:
    command, subscription, interval, _ = CHECKS[check]
    pipeline = {"name": "incidents", "type": "Pipeline", "api_version": "core/v2"}
    given = {"command": command, "subscriptions": [subscription], "interval": interval, "pipelines": [pipeline]}
    return {**given, "output_metric_format": "nagios_perfdata"} if check == "load" else given


def _resources() -> Iterator[dict[str, Any]]:
    yield _resource("Namespace", "staging", {"name": "staging"}, namespace="")
    for user in ("ann", "bob"):
        yield _resource("User", user, {"username": user, "password": "P@ssw0rd!", "groups": ["ops"]}, namespace="")
    yield from _handling()
    for name, command in HOOKS.items():
        yield _resource("HookConfig", name, {"command": command, "timeout": 10})
    for check in CHECKS:
        yield _resource("CheckConfig", check, {**_given(check), "publish": True})
    silence = {"check": "replication", "subscription": "entity:db2", "reason": "move to the new rack", "expire": 7200}
    yield _resource("Silenced", "entity:db2:replication", silence)


def _handling() -> Iterator[dict[str, Any]]:
    """A pager that is always reached, a chat that is not and for which nothing but office hours pass, and an asset."""
    pager = {
        "type": "pipe",
        "command": "cat > /dev/null",
        "timeout": 10,
        "retry_attempts": 6,
        "fallback_handler": "mail",
    }
    yield _resource("Handler", "pager", pager)
    chat = {"type": "pipe", "command": "chat-post --room ops", "timeout": 5, "retry_attempts": 0}
    yield _resource("Handler", "chat", {**chat, "runtime_assets": ["chat-post"]})
    yield _resource("Handler", "mail", {"type": "pipe", "command": "send-mail --to ops@example.com", "timeout": 30})
    office = {"action": "allow", "expressions": ["weekday(event.timestamp) <= 5", "hour(event.timestamp) >= 8"]}
    yield _resource("EventFilter", "office-hours", office)
    summary = "return JSON.stringify({ entity: event.entity.metadata.name, output: event.check.output })"
    yield _resource("Mutator", "short", {"type": "javascript", "eval": summary})
    handlers = {each: {"name": each, "type": "Handler", "api_version": "core/v2"} for each in ("pager", "chat")}
    page = {"name": "page", "filters": [_IS_INCIDENT, _NOT_SILENCED], "handler": handlers["pager"]}
    short = {"name": "short", "type": "Mutator", "api_version": "core/v2"}
    post = {"name": "post", "filters": [_IS_INCIDENT, _NOT_SILENCED], "mutator": short, "handler": handlers["chat"]}
    yield _resource("Pipeline", "incidents", {"workflows": [page, post]})
    digest = "0123456789abcdef" * 8
    yield _resource("Asset", "check-disk", {"url": "https://assets.example.com/check-disk.tar.gz", "sha512": digest})


def fill_with_streams_and_services(world: World) -> None:
    """A fallback pipeline, a stream, and a service that depends on hosts."""
    rule = {"name": "most-work", "template": "aggregate", "arguments": {"critical_threshold": 60}}
    frontend = {
        "services": ["shop"],
        "query": [{"type": "fieldSelector", "value": "event.check.name == 'http'"}],
        "rules": [rule],
        "interval": 30,
    }
    logs = {"address": "logs.example.com:4242", "min_reconnect_delay": "10ms", "max_reconnect_delay": "10s"}
    incidents = [{"name": "incidents", "type": "Pipeline", "api_version": "core/v2"}]
    for kind, place, name, spec in (
        ("FallbackPipeline", "fallback_pipeline/v1/{}/fallback-pipelines", "pages", {"pipelines": incidents}),
        ("TCPStreamHandler", "pipeline/v1/{}/tcp-stream-handlers", "logs", logs),
        ("ServiceComponent", "bsm/v1/{}/service-components", "frontend", frontend),
    ):
        metadata = {"name": name, "namespace": "default"}
        version = place.split("/{}")[0]
        body = {"type": kind, "api_version": version, "metadata": metadata, "spec": spec}
        world.api("PUT", f"/api/enterprise/{place.format('namespaces/default')}/{name}", body)


def _resource(kind: str, name: str, spec: dict[str, Any], *, namespace: str = "default") -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace} if namespace else {"name": name}
    return {"type": kind, "api_version": "core/v2", "metadata": metadata, "spec": spec}
