"""`sensuctl delivery …`."""

from collections.abc import Sequence
from typing import Any

from sensu.sensuctl.command import Context
from sensu.sensuctl.kind import Kind
from sensu.sensuctl.output import show_list, show_one
from sensu.sensuctl.prompt import confirm
from sensu.sensuctl.resource_commands import SELECTORS, get_resource, go_time
from sensu.sensuctl.session import resource_path
from sensu.sensuctl.table import Column

DELIVERY = Kind("Delivery", "deliveries", api_version="sensu/v1")


def _due(delivery: Any) -> str:
    return go_time(int(delivery.get("due_at") or 0))


def _workflows(delivery: Any) -> str:
    return "\n".join(str(each.get("workflow", "")) for each in delivery.get("workflows") or ())


COLUMNS = (
    Column("ID", lambda delivery: str(delivery.get("id", "")), key=True, whole=True),
    Column("State", lambda delivery: delivery.get("state", "")),
    Column("Entity", lambda delivery: delivery.get("entity", "")),
    Column("Check", lambda delivery: delivery.get("check", "")),
    Column("Attempts", lambda delivery: delivery.get("attempts", 0)),
    Column("Due", _due, spare=1, whole=True),
    Column("Workflows", _workflows),
    Column("Why", lambda delivery: delivery.get("why", "")),
)


def details(delivery: Any) -> Sequence[tuple[str, Any]]:
    """The rows of `delivery info`."""
    return (
        ("State", delivery.get("state", "")),
        ("Entity", delivery.get("entity", "")),
        ("Check", delivery.get("check", "")),
        ("Event", delivery.get("event_id", "")),
        ("Attempts", str(delivery.get("attempts", 0))),
        ("Due", _due(delivery)),
        ("Workflows", _workflows(delivery).replace("\n", ", ")),
        ("Why", delivery.get("why", "")),
    )


def list_deliveries(context: Context) -> None:
    """`sensuctl delivery list`."""
    query = {wire: context.text(name) for name, wire in SELECTORS.items() if context.flag(name)}
    if context.flag("state"):
        query["state"] = context.text("state")
    found = context.session.listing(resource_path(DELIVERY, context.namespace), query, context.flag("chunk-size") or 0)
    show_list(context, DELIVERY, found.items, COLUMNS)


def show_delivery(context: Context) -> None:
    """`sensuctl delivery info ID`."""
    delivery = get_resource(context, DELIVERY)
    show_one(context, DELIVERY, delivery, f"delivery {delivery.get('id', '')}", details(delivery))


def retry_deliveries(context: Context) -> None:
    """`sensuctl delivery retry ID…`."""
    for delivery_id in context.words:
        context.session.call("POST", f"{resource_path(DELIVERY, context.namespace, delivery_id)}/retry")
        context.print("Retried")


def discard_deliveries(context: Context) -> None:
    """`sensuctl delivery discard ID…`."""
    for delivery_id in context.words:
        if confirm(context, f"discard delivery '{delivery_id}'"):
            context.session.call("DELETE", resource_path(DELIVERY, context.namespace, delivery_id))
            context.print("Discarded")
