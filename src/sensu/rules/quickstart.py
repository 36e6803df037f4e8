"""Writes the resources that `sensuctl quickstart` creates, as YAML with comments that people can edit and keep."""

import json
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from sensu.errors import InvalidResource
from sensu.rules.names import name_problem

MADE_BY, QUICKSTART, NAME_LABEL = "made-by", "quickstart", "quickstart"
"""The labels of what the command has made, and the value of the first one."""
NAME_CHARACTERS_MAX = 80
INTERVAL_S, SLOW_INTERVAL_S, DAY_S = 30, 60, 86_400
TIMEOUT_S_MAX = 20
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.\-]+")
_HOST = re.compile(r"[A-Za-z0-9_.\-:]+|\[[0-9A-Fa-f:.]+\]")
_HOST_AND_PORT = re.compile(r"(?:[A-Za-z0-9_.\-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}")


class QuickStart(NamedTuple):
    """What somebody wants to watch: a template with its target, and how."""

    template: str
    target: str
    name: str
    interval_s: int
    subscription: str
    urls: Sequence[str]


class StartTemplate(NamedTuple):
    """One sort of thing to watch; `checks` gives the names and commands of its checks for a name and a target."""

    target: str
    summary: str
    interval_s: int
    rule: Callable[[str], str]
    checks: Callable[[str, str], Mapping[str, str]]


def _url_rule(target: str) -> str:
    return "" if re.fullmatch(r"https?://\S+", target) else "must be a URL that begins with http:// or https://"


def _host_rule(target: str) -> str:
    return "" if _HOST.fullmatch(target) else "must be a host name or an address"


def _port_rule(target: str) -> str:
    return "" if _HOST_AND_PORT.fullmatch(target) else "must be HOST:PORT, for example db.example.org:5432"


def _job_rule(target: str) -> str:
    return f"is the name of the job, which {why}" if (why := name_problem(target)) else ""


def _of_host(name: str, _: str) -> Mapping[str, str]:
    commands = {"disk": "disk", "memory": "memory", "load": "load --per-cpu -w 2 -c 4"}
    return {f"{name}-{part}": f"sensu-check {command}" for part, command in commands.items()}


def _one(kind: str) -> Callable[[str, str], Mapping[str, str]]:
    return lambda name, target: {name: f"sensu-check {kind} {shlex.quote(target)}"}


TEMPLATES = {
    "http": StartTemplate("URL", "a web page or a web service", INTERVAL_S, _url_rule, _one("http")),
    "port": StartTemplate("HOST:PORT", "a TCP port", INTERVAL_S, _port_rule, _one("tcp")),
    "ping": StartTemplate("HOST", "a host, by ICMP", INTERVAL_S, _host_rule, _one("ping")),
    "host": StartTemplate(
        "", "the disks, memory and load of hosts with an agent", SLOW_INTERVAL_S, lambda _: "", _of_host
    ),
    "cron": StartTemplate("NAME", "a job that must report in time", DAY_S, _job_rule, lambda _name, _target: {}),
}


def default_name(template: str, target: str) -> str:
    """The name of what is made for a target: `http-shop.example.org`, `host`, or that of a job."""
    if template == "cron":
        return target
    bare = _NOT_IN_NAMES.sub("-", target.partition("://")[2] or target).strip("-.")
    return f"{template}-{bare}"[:NAME_CHARACTERS_MAX].rstrip("-.") if bare else template


def problem(wanted: QuickStart) -> str:
    """What is wrong with a wish, empty if nothing is."""
    template = TEMPLATES[wanted.template]
    if template.target and (why := template.rule(wanted.target)):
        return f'{template.target} "{wanted.target}" {why}'
    if why := name_problem(wanted.name) or "":
        return f'--name "{wanted.name}" {why}'
    return "" if wanted.interval_s >= 1 else "--interval must be at least a second"


def documents(wanted: QuickStart) -> str:
    """The YAML of the checks and of the handler; raises InvalidResource with what is wrong."""
    if why := problem(wanted):
        raise InvalidResource(why)
    checks = TEMPLATES[wanted.template].checks(wanted.name, wanted.target)
    parts = [_check(wanted, name, command) for name, command in checks.items()]
    if wanted.urls:
        parts.append(_handler(wanted))
    return "---\n".join(parts)


def job_line(wanted: QuickStart) -> str:
    """The line by which a job reports its exit status to the agent of its host, to be put behind the job."""
    ttl_s = wanted.interval_s + max(wanted.interval_s // 10, 60)
    handlers = [wanted.name] if wanted.urls else []
    check = {"metadata": {"name": wanted.name}, "status": "STATUS", "ttl": ttl_s, "handlers": handlers}
    body = json.dumps({"check": check}).replace('"STATUS"', "'$?'")
    return f"curl -sS -H 'Content-Type: application/json' -d '{body}' http://127.0.0.1:3031/events"


def _labels(wanted: QuickStart) -> str:
    return f"""metadata:
  name: %s
  labels:
    {MADE_BY}: {QUICKSTART}
    {NAME_LABEL}: {_quoted(wanted.name)}
"""


def _check(wanted: QuickStart, name: str, command: str) -> str:
    handlers = f"[{_quoted(wanted.name)}]" if wanted.urls else "[]"
    note = "  # who gets a message: a handler" if wanted.urls else "  # nobody gets a message: name a handler here"
    return (
        "type: CheckConfig\napi_version: core/v2\n"
        + _labels(wanted) % _quoted(name)
        + f"""spec:
  command: {_quoted(command)}  # what the agent runs
  subscriptions: [{_quoted(wanted.subscription)}]  # every agent with this subscription runs it
  interval: {wanted.interval_s}  # seconds
  timeout: {max(1, min(wanted.interval_s, TIMEOUT_S_MAX))}
  publish: true
  handlers: {handlers}{note}
"""
    )


def _handler(wanted: QuickStart) -> str:
    urls = "".join(f"      - {_quoted(url)}\n" for url in wanted.urls)
    return (
        "type: Handler\napi_version: core/v2\n"
        + _labels(wanted) % _quoted(wanted.name)
        + f"spec:\n  type: notify\n  notify:\n    urls:  # docs/notify.md lists the services\n{urls}"
    )


def _quoted(text: str) -> str:
    """A text as a YAML scalar, in quotes where it needs them."""
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9_./\-]*(?: [A-Za-z0-9_./:\-]+)*", text)
    if plain and text.lower() not in ("yes", "no", "on", "off", "true", "false", "null", "y", "n"):
        return text
    return json.dumps(text)
