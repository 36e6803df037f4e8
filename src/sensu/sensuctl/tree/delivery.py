"""`sensuctl delivery …`."""

from collections.abc import Sequence
from typing import Any

from sensu.flags import Flag
from sensu.resources.kinds import Kind
from sensu.sensuctl.command import Command, Context
from sensu.sensuctl.declare import CHUNK_SIZE, FIELD_SELECTOR, FORMAT, SKIP_CONFIRM, SOME, change, info, method
from sensu.sensuctl.paths import resource_path
from sensu.sensuctl.prompt import confirm
from sensu.sensuctl.resource_commands import Noun, go_time, selected
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


class DeliveryNoun(Noun):
    """Deliveries, which can be retried and discarded."""

    def list(self, context: Context) -> None:
        """`sensuctl delivery list`."""
        state = {"state": context.text("state")} if context.flag("state") else {}
        self.list_path(context, resource_path(DELIVERY, context.namespace), {**selected(context), **state})

    def retry(self, context: Context) -> None:
        """`sensuctl delivery retry ID…`."""
        for delivery_id in context.words:
            context.session.call("POST", f"{resource_path(DELIVERY, context.namespace, delivery_id)}/retry")
            context.print("Retried")

    def discard(self, context: Context) -> None:
        """`sensuctl delivery discard ID…`."""
        for delivery_id in context.words:
            if confirm(context, f"discard delivery '{delivery_id}'"):
                context.session.call("DELETE", resource_path(DELIVERY, context.namespace, delivery_id))
                context.print("Discarded")


NOUN = DeliveryNoun(DELIVERY, COLUMNS, details, title=lambda delivery: f"delivery {delivery.get('id', '')}")
_STATE = Flag("state", help='only deliveries in this state: "owed" or "dead"')
COMMANDS = (
    change(
        "delivery",
        "discard",
        method("delivery", "discard"),
        "[ID]...",
        SOME,
        "Discard deliveries: their handlers never receive them",
        "1234 --skip-confirm",
        SKIP_CONFIRM,
    ),
    info("delivery", "[ID]"),
    Command(
        "list",
        "delivery list [flags]",
        "List deliveries that wait for handlers or were given up",
        method("delivery", "list"),
        (CHUNK_SIZE, FIELD_SELECTOR, FORMAT, _STATE),
        example="sensuctl delivery list --state dead",
    ),
    change("delivery", "retry", method("delivery", "retry"), "[ID]...", SOME, "Retry deliveries now", "1234"),
)
