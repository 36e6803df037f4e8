"""`sensuctl license …`."""

from typing import Any

from sensu.clock import SystemClock
from sensu.errors import InvalidResource
from sensu.resources.kinds import LICENSE
from sensu.rules.go_time import parse_rfc3339
from sensu.sensuctl.command import Context
from sensu.sensuctl.output import show_details, show_document
from sensu.sensuctl.paths import resource_path
from sensu.sensuctl.resource_commands import go_time, joined

COUNTED = (("total", ""), ("agent", "agent-"), ("proxy", "proxy-"))


def show_license(context: Context) -> None:
    """`sensuctl license info`."""
    document = context.session.get(resource_path(LICENSE, ""))
    if show_document(context, LICENSE, document):
        return
    granted = (document.get("spec") or {}).get("license") or {}
    until = _unix_seconds(granted.get("validUntil"))
    rows = [
        ("Account Name", granted.get("accountName", "")),
        ("Account ID", granted.get("accountID", 0)),
        ("Plan", granted.get("plan", "")),
        ("Version", granted.get("version", 0)),
        ("Features", joined(granted.get("features"), ", ")),
        ("Issuer", granted.get("issuer", "")),
        ("Issued", go_time(_unix_seconds(granted.get("issued")))),
        ("Valid", until is None or until > SystemClock().now()),
        ("Valid Until", go_time(until)),
    ]
    show_details(context, _title((document.get("metadata") or {}).get("labels") or {}), rows)
    if context.for_people:
        context.say("Every feature is open and the number of entities is not limited: no license is needed.")


def _title(labels: Any) -> str:
    counts = [f"{labels.get(f'sensu.io/{key}entity-count', 0)}/unlimited {word} entities" for word, key in COUNTED]
    return f"You are currently using {counts[0]}, {counts[1]}, and {counts[2]}"


def _unix_seconds(moment: Any) -> int | None:
    """The time of a license, None if it has none."""
    try:
        return int(parse_rfc3339(str(moment)).timestamp())
    except (InvalidResource, ValueError):
        return None
