"""`sensuctl check …`."""

from collections.abc import Sequence
from typing import Any

from sensu.flags import Flag
from sensu.resources.kinds import CHECK
from sensu.sensuctl.command import Context
from sensu.sensuctl.declare import (
    FORMAT,
    INTERACTIVE,
    ONE,
    ONE_AT_MOST,
    TWO,
    change,
    creation,
    deletion,
    info,
    listing,
    method,
    update,
)
from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.forms import FormField, listed
from sensu.sensuctl.paths import resource_path
from sensu.sensuctl.resource_commands import Noun, first_word, joined, name_of, namespace_of
from sensu.sensuctl.table import Column

METRIC_FORMATS = (
    "none",
    "nagios_perfdata",
    "graphite_plaintext",
    "opentsdb_line",
    "influxdb_line",
    "prometheus_text",
)
FIELDS = (
    FormField("command", "Command:"),
    FormField("interval", "Interval:", "number"),
    FormField("cron", "Cron:"),
    FormField("timeout", "Timeout:", "number"),
    FormField("ttl", "TTL:", "number"),
    FormField("subscriptions", "Subscriptions:", "list"),
    FormField("handlers", "Handlers:", "list"),
    FormField("runtime_assets", "Runtime Assets:", "list"),
    FormField("publish", "Publish:", "bool", default=True),
    FormField("proxy_entity_name", "Check Proxy Entity Name:"),
    FormField("stdin", "Check STDIN:", "bool", default=False, asked_only=True),
    FormField("high_flap_threshold", "High Flap Threshold:", "number"),
    FormField("low_flap_threshold", "Low Flap Threshold:", "number"),
    FormField("output_metric_format", "Metric Format:", "choice", choices=METRIC_FORMATS, default="none"),
    FormField("output_metric_handlers", "Metric Handlers:", "list"),
    FormField("round_robin", "Round Robin:", "bool", default=False),
)
"""`create` accepts --stdin and ignores it, as the reference does; `check set-stdin` sets it.

Source: recorded sensuctl session check.
"""


def _hooks(check: Any) -> str:
    """`critical: [restart, page], 0: [celebrate]`."""
    found = [
        f"{when}: [{joined(names, ', ')}]" for entry in check.get("check_hooks") or () for when, names in entry.items()
    ]
    return ", ".join(found)


def _pipelines(check: Any) -> list[str]:
    """The names of the pipelines that handle the events of a check."""
    return [str(pipeline.get("name", "")) for pipeline in check.get("pipelines") or ()]


COLUMNS = (
    Column("Name", name_of, key=True),
    Column("Command", lambda check: check.get("command", "")),
    Column("Interval", lambda check: check["interval"]),
    Column("Cron", lambda check: check.get("cron", ""), spare=1),
    Column("Timeout", lambda check: check["timeout"], spare=3),
    Column("TTL", lambda check: check["ttl"], spare=3),
    Column("Subscriptions", lambda check: joined(check["subscriptions"])),
    Column("Handlers", lambda check: joined(check["handlers"])),
    Column("Pipelines", lambda check: joined(_pipelines(check)), extra=True),
    Column("Assets", lambda check: joined(check["runtime_assets"]), spare=2),
    Column("Hooks", _hooks, spare=2),
    Column("Publish?", lambda check: check["publish"], spare=1),
    Column("Stdin?", lambda check: check["stdin"], spare=4),
    Column("Metric Format", lambda check: check["output_metric_format"], spare=2),
    Column("Metric Handlers", lambda check: joined(check["output_metric_handlers"]), spare=2),
)


def details(check: Any) -> Sequence[tuple[str, Any]]:
    """The rows of `check info`; a check without pipelines has no row for them, as in the reference."""
    pipelines = _pipelines(check)
    return (
        ("Name", name_of(check)),
        ("Interval", str(check["interval"])),
        ("Command", check.get("command", "")),
        ("Cron", check.get("cron", "")),
        ("Timeout", str(check["timeout"])),
        ("TTL", str(check["ttl"])),
        ("Subscriptions", joined(check["subscriptions"], ", ")),
        ("Handlers", joined(check["handlers"], ", ")),
        *([("Pipelines", joined(pipelines, ", "))] if pipelines else []),
        ("Runtime Assets", joined(check["runtime_assets"], ", ")),
        ("Hooks", _hooks(check)),
        ("Publish?", "true" if check["publish"] else "false"),
        ("Stdin?", "true" if check["stdin"] else "false"),
        ("Proxy Entity Name", check["proxy_entity_name"]),
        ("Namespace", namespace_of(check)),
        ("Metric Format", check["output_metric_format"]),
        ("Metric Handlers", joined(check["output_metric_handlers"], ", ")),
    )


class CheckNoun(Noun):
    """Checks, which have one schedule and can be run now."""

    def given(self, context: Context) -> dict[str, Any]:
        """The fields from flags; raises CommandFailed unless they give one schedule."""
        interval, cron = context.text("interval"), context.text("cron")
        if not interval and not cron:
            raise CommandFailed("must specify --interval or --cron")
        if interval and cron:
            raise CommandFailed("cannot specify --interval and --cron at the same time")
        return super().given(context)

    def answers(self, context: Context, current: Any) -> dict[str, Any]:
        """The fields asked for; an empty metric format is shown as `none`."""
        if current is not None:
            current = {**current, "output_metric_format": current.get("output_metric_format") or METRIC_FORMATS[0]}
        answers = super().answers(context, current)
        if answers["output_metric_format"] == METRIC_FORMATS[0]:
            answers["output_metric_format"] = ""
        return answers

    def execute(self, context: Context) -> None:
        """`sensuctl check execute NAME`."""
        name, reason, subscriptions = first_word(context), context.text("reason"), context.text("subscriptions")
        if context.flag("interactive"):
            from sensu.sensuctl.prompt import ask  # noqa: PLC0415 - only at a terminal

            name = ask(context, "Check Name:", name)
            reason = ask(context, "Reason:", reason)
            subscriptions = ask(context, "Subscriptions:", subscriptions)
        if not name:
            raise CommandFailed("must provide name of a check")
        request = {
            "check": name,
            "subscriptions": listed(subscriptions),
            "creator": context.configuration.username,
            "reason": reason,
        }
        context.session.call("POST", f"{resource_path(CHECK, context.namespace, name)}/execute", request)
        context.print("Issued")


NOUN = CheckNoun(CHECK, COLUMNS, details, FIELDS, question="Check Name:")
_SETTINGS = {
    "command": ("the command", "df -h /"),
    "cron": ("the cron schedule", "'0 * * * *'"),
    "handlers": ("the handlers", "slack,pager"),
    "high-flap-threshold": ("the high flap threshold", "60"),
    "interval": ("the interval in seconds", "30"),
    "low-flap-threshold": ("the low flap threshold", "20"),
    "output-metric-format": ("the format of the metrics in the output", "nagios_perfdata"),
    "output-metric-handlers": ("the handlers of the metrics in the output", "influxdb"),
    "proxy-entity-name": ("the name of the proxy entity of the events", "switch-1"),
    "publish": ("whether the check is scheduled on agents", "false"),
    "round-robin": ("whether one agent at a time runs the check", "true"),
    "runtime-assets": ("the runtime assets", "check-plugins"),
    "stdin": ("whether the command gets the event on standard input", "true"),
    "subscriptions": ("the subscriptions", "linux,web"),
    "timeout": ("the timeout in seconds", "10"),
    "ttl": ("the TTL in seconds", "90"),
}
"""The fields with their own commands: what is set, and an example of a value."""
_REMOVABLE = (
    "handlers",
    "high-flap-threshold",
    "low-flap-threshold",
    "output-metric-format",
    "output-metric-handlers",
    "proxy-entity-name",
    "proxy-requests",
    "runtime-assets",
    "timeout",
    "ttl",
)


def _spoken(name: str) -> str:
    return name.upper() if name == "ttl" else name.replace("-", " ")


_SET = "nouns.check_set:set_field"
_REMOVE = "nouns.check_set:remove_field"
_SETTERS = tuple(
    change("check", f"set-{name}", _SET, "[NAME] [VALUE]", TWO, f"Set {what}", f"disk {value}")
    for name, (what, value) in _SETTINGS.items()
)
_REMOVERS = tuple(
    change("check", f"remove-{name}", _REMOVE, "[NAME]", ONE, f"Remove the {_spoken(name)}", "disk")
    for name in _REMOVABLE
)
_CREATE = creation(
    "check",
    "disk --command 'check-disk -w 80' --interval 30 --subscriptions linux --handlers slack",
    Flag("command", short="c", required=True, help="command to run"),
    Flag("cron", help="cron schedule"),
    Flag("handlers", help="comma-separated handlers"),
    Flag("high-flap-threshold", help="percentage of state change above which the check is flapping"),
    INTERACTIVE,
    Flag("interval", short="i", help="seconds between runs"),
    Flag("low-flap-threshold", help="percentage of state change below which the check is no longer flapping"),
    Flag("output-metric-format", help="format of the metrics in the output"),
    Flag("output-metric-handlers", help="comma-separated handlers of metrics"),
    Flag("proxy-entity-name", help="name of the proxy entity of its events"),
    Flag("publish", "bool", default=True, short="p", help="schedule the check on agents"),
    Flag("round-robin", "bool", default=False, help="run on one agent at a time, round robin"),
    Flag("runtime-assets", short="r", help="comma-separated runtime assets"),
    Flag("stdin", "bool", default=False, help="accepted for compatibility; use set-stdin"),
    Flag(
        "subscriptions", short="s", required=True, help="comma-separated subscriptions of the agents that run the check"
    ),
    Flag("timeout", short="t", help="seconds after which a run is stopped"),
    Flag("ttl", help="seconds without a result before the check is reported as failed"),
)
_OTHERS = (
    deletion("check"),
    change(
        "check",
        "execute",
        method("check", "execute"),
        "[NAME]",
        ONE_AT_MOST,
        "Run a check now",
        "disk --reason 'after the repair'",
        INTERACTIVE,
        Flag("reason", short="r", help="reason for the run"),
        Flag("subscriptions", short="s", help="comma-separated subscriptions on which to run the check"),
    ),
    change(
        "check",
        "explain",
        "nouns.check_explain:explain_check",
        "[NAME]",
        ONE,
        "Show when and where a check runs, and the outcome of its last runs",
        "disk",
        FORMAT,
    ),
    info("check", "[ID]"),
    listing("check"),
    change(
        "check",
        "remove-hook",
        "nouns.check_set:remove_hook",
        "[CHECKNAME] [TYPE] [HOOKNAME]",
        (3, 3),
        "Remove a hook",
        "disk critical process_tree",
    ),
    change(
        "check",
        "set-hooks",
        "nouns.check_set:set_hooks",
        "[CHECKNAME]",
        ONE,
        "Add hooks for a status",
        "disk --type critical --hooks process_tree",
        Flag("hooks", short="k", required=True, help="comma-separated hooks"),
        INTERACTIVE,
        Flag("type", short="t", required=True, help="0 to 255, ok, warning, critical, unknown or non-zero"),
    ),
    change(
        "check",
        "set-proxy-requests",
        "nouns.check_set:set_proxy_requests",
        "[NAME]",
        ONE,
        "Set the proxy requests from a file or from standard input",
        "disk --file proxy-requests.json",
        Flag("file", short="f", help="JSON file with the proxy requests"),
    ),
    update("check"),
)
COMMANDS = tuple(sorted((_CREATE, *_OTHERS, *_SETTERS, *_REMOVERS), key=lambda command: command.name))
