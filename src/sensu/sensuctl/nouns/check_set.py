"""`sensuctl check set-… remove-…`: one field of a check at a time.

Source: recorded sensuctl session check-set.
"""

import json
from collections.abc import Callable
from typing import Any

from sensu.errors import ConfigurationError
from sensu.flags import convert_bool, convert_int, convert_uint
from sensu.resources.kinds import CHECK
from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.forms import listed
from sensu.sensuctl.paths import resource_path
from sensu.sensuctl.resource_commands import get_resource, replace_resource

SPLAY_COVERAGE_DEFAULT = 90
HOOK_WORDS = ("ok", "warning", "critical", "unknown", "non-zero")
STATUS_MAX = 255
HOOK_TYPES = frozenset({*HOOK_WORDS, *(str(status) for status in range(STATUS_MAX + 1))})

_LISTS = ("handlers", "output_metric_handlers", "runtime_assets", "subscriptions")
_NUMBERS = ("high_flap_threshold", "interval", "low_flap_threshold", "timeout")
_TRUTHS = ("publish", "round_robin", "stdin")
_CONVERTERS: dict[str, Callable[[str], Any]] = {"ttl": convert_int}
_CONVERTERS.update(dict.fromkeys(_LISTS, listed))
_CONVERTERS.update(dict.fromkeys(_NUMBERS, convert_uint))
_CONVERTERS.update(dict.fromkeys(_TRUTHS, convert_bool))
_INSTEAD: dict[str, dict[str, Any]] = {"cron": {"interval": 0}, "interval": {"cron": ""}}
"""Fields that are reset when another is set."""
_EMPTY: dict[str, Any] = {"output_metric_format": "", "proxy_entity_name": "", "proxy_requests": None}
_EMPTY.update(dict.fromkeys(_LISTS))
_EMPTY.update(dict.fromkeys((*_NUMBERS, "ttl"), 0))


def set_field(context: Context) -> None:
    """`sensuctl check set-FIELD NAME VALUE`."""
    name, text = context.words
    field = context.command.name.removeprefix("set-").replace("-", "_")
    check = get_resource(context, CHECK, name)
    try:
        value = _CONVERTERS.get(field, str)(text)
    except ConfigurationError as err:
        raise CommandFailed(str(err)) from err
    replace_resource(context, CHECK, {**check, field: value, **_INSTEAD.get(field, {})})
    context.print("Updated")


def remove_field(context: Context) -> None:
    """`sensuctl check remove-FIELD NAME`."""
    field = context.command.name.removeprefix("remove-").replace("-", "_")
    check = get_resource(context, CHECK)
    replace_resource(context, CHECK, {**check, field: _EMPTY[field]})
    context.print("Removed")


def set_hooks(context: Context) -> None:
    """`sensuctl check set-hooks NAME`: add hooks for a status."""
    name, status, hooks = context.words[0], context.text("type"), context.text("hooks")
    if context.flag("interactive"):
        from sensu.sensuctl.prompt import ask  # noqa: PLC0415 - only at a terminal

        name = ask(context, "Check Name:", name)
        status = ask(context, "Hook Type:", status)
        hooks = ask(context, "Hooks:", hooks)
    if not hooks.strip():
        raise CommandFailed("hooks cannot be empty")
    if status not in HOOK_TYPES:
        words = ", ".join(f'"{word}"' for word in HOOK_WORDS[:-1])
        raise CommandFailed(f'valid check hook types are "0"-"{STATUS_MAX}", {words}, and "{HOOK_WORDS[-1]}"')
    path = f"{resource_path(CHECK, context.namespace, name)}/hooks/{status}"
    context.session.call("PUT", path, {status: listed(hooks)})
    context.print("Added")


def remove_hook(context: Context) -> None:
    """`sensuctl check remove-hook NAME TYPE HOOK`."""
    name, status, hook = context.words
    path = resource_path(CHECK, context.namespace, name, "hooks", status, "hook", hook)
    context.session.call("DELETE", path)
    context.print("Removed")


def set_proxy_requests(context: Context) -> None:
    """`sensuctl check set-proxy-requests NAME`, from a JSON file or standard input."""
    from pathlib import Path  # noqa: PLC0415

    from sensu.sensuctl.sources import read_file, read_stdin  # noqa: PLC0415

    check = get_resource(context, CHECK)
    name = context.text("file")
    text = read_file(Path(name), name) if name else read_stdin(context, "stdin")
    try:
        requests = json.loads(text)
    except ValueError as err:
        raise CommandFailed(f"in {name or 'stdin'}: not valid JSON: {err}") from err
    if not isinstance(requests, dict):
        raise CommandFailed(f"in {name or 'stdin'}: the proxy requests must be an object")
    requests["splay_coverage"] = requests.get("splay_coverage") or SPLAY_COVERAGE_DEFAULT
    replace_resource(context, CHECK, {**check, "proxy_requests": requests})
    context.print("Updated")
