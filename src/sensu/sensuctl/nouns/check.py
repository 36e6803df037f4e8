"""`sensuctl check …`."""

from collections.abc import Sequence
from typing import Any

from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.forms import Field, asked_metadata, from_answers, from_flags, listed
from sensu.sensuctl.kind import CHECK
from sensu.sensuctl.resource_commands import (
    create_resource,
    delete_resource,
    first_word,
    get_resource,
    joined,
    list_resources,
    metadata_of,
    name_of,
    namespace_of,
    replace_resource,
    show_resource,
)
from sensu.sensuctl.session import resource_path
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
    Field("command", "Command:"),
    Field("interval", "Interval:", "number"),
    Field("cron", "Cron:"),
    Field("timeout", "Timeout:", "number"),
    Field("ttl", "TTL:", "number"),
    Field("subscriptions", "Subscriptions:", "list"),
    Field("handlers", "Handlers:", "list"),
    Field("runtime_assets", "Runtime Assets:", "list"),
    Field("publish", "Publish:", "bool", default=True),
    Field("proxy_entity_name", "Check Proxy Entity Name:"),
    Field("stdin", "Check STDIN:", "bool", default=False),
    Field("high_flap_threshold", "High Flap Threshold:", "number"),
    Field("low_flap_threshold", "Low Flap Threshold:", "number"),
    Field("output_metric_format", "Metric Format:", "choice", choices=METRIC_FORMATS, default="none"),
    Field("output_metric_handlers", "Metric Handlers:", "list"),
    Field("round_robin", "Round Robin:", "bool", default=False),
)
NOT_FROM_FLAGS = ("stdin",)
"""What has a flag that the reference accepts and passes over; `check set-stdin` sets it.

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
    """The rows of `check info`; scripts know no row of pipelines where a check has none."""
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


def list_checks(context: Context) -> None:
    """`sensuctl check list`."""
    list_resources(context, CHECK, COLUMNS)


def show_check(context: Context) -> None:
    """`sensuctl check info NAME`."""
    show_resource(context, CHECK, name_of, details)


def delete_check(context: Context) -> None:
    """`sensuctl check delete NAME`."""
    delete_resource(context, CHECK)


def create_check(context: Context) -> None:
    """`sensuctl check create NAME`."""
    if context.flag("interactive"):
        metadata = asked_metadata(context, "Check Name:", first_word(context))
        check = {**_answers(context, None), "metadata": metadata}
    else:
        _require_one_schedule(context)
        fields = [field for field in FIELDS if field.place not in NOT_FROM_FLAGS]
        check = {**from_flags(context, fields), "metadata": metadata_of(context, first_word(context))}
    create_resource(context, CHECK, check)


def _require_one_schedule(context: Context) -> None:
    interval, cron = context.text("interval"), context.text("cron")
    if not interval and not cron:
        raise CommandFailed("must specify --interval or --cron")
    if interval and cron:
        raise CommandFailed("cannot specify --interval and --cron at the same time")


def _answers(context: Context, current: Any) -> dict[str, Any]:
    answers = from_answers(context, FIELDS, current)
    if answers["output_metric_format"] == METRIC_FORMATS[0]:
        answers["output_metric_format"] = ""
    return answers


def update_check(context: Context) -> None:
    """`sensuctl check update NAME`."""
    check = get_resource(context, CHECK)
    suggested = {**check, "output_metric_format": check.get("output_metric_format") or METRIC_FORMATS[0]}
    replace_resource(context, CHECK, {**check, **_answers(context, suggested)})
    context.print("Updated")


def execute_check(context: Context) -> None:
    """`sensuctl check execute NAME`."""
    name, reason, subscriptions = first_word(context), context.text("reason"), context.text("subscriptions")
    if context.flag("interactive"):
        from sensu.sensuctl.prompt import ask  # noqa: PLC0415 - only for people

        name = ask(context, "Check Name:", name)
        reason = ask(context, "Reason:", reason)
        subscriptions = ask(context, "Subscriptions:", subscriptions)
    if not name:
        raise CommandFailed("must provide name of a check")
    wish = {
        "check": name,
        "subscriptions": listed(subscriptions),
        "creator": context.configuration.username,
        "reason": reason,
    }
    context.session.call("POST", f"{resource_path(CHECK, context.namespace, name)}/execute", wish)
    context.print("Issued")
