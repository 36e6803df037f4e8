"""The table of handler types: one row and one file for each."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sensu.backend.pipelined.steps.handlers import notify, pipe, set, sumo_logic, tcp, tcp_stream, udp
from sensu.backend.pipelined.steps.handlers.deliver import Deliver, Occasion, Tools
from sensu.backend.pipelined.steps.outcome import Dropped, Outcome
from sensu.backend.pipelined.steps.runtime_assets import Records
from sensu.resources.kinds import HANDLER, SUMO_LOGIC, TCP_STREAM, Kind
from sensu.rules.workflow import HandlerRef
from sensu.store.values import Key


class HandlerType(NamedTuple):
    """One way to handle an event.

    `type` is the `type` field of the resource, empty for a kind of resource that is one type by itself.
    """

    kind: Kind
    type: str
    deliver: Deliver


TYPES = (
    HandlerType(HANDLER, "pipe", pipe.deliver),
    HandlerType(HANDLER, "tcp", tcp.deliver),
    HandlerType(HANDLER, "udp", udp.deliver),
    HandlerType(HANDLER, "notify", notify.deliver),
    HandlerType(HANDLER, "set", set.deliver),
    HandlerType(TCP_STREAM, "", tcp_stream.deliver),
    HandlerType(SUMO_LOGIC, "", sumo_logic.deliver),
)

HANDLER_KINDS: Mapping[str, Kind] = {row.kind.qualified_name: row.kind for row in TYPES}
"""The kinds of resources that can handle events, by their qualified names."""
_DELIVER: Mapping[tuple[str, str], Deliver] = {(row.kind.qualified_name, row.type): row.deliver for row in TYPES}


def find_handler(records: Records, namespace: str, ref: HandlerRef) -> Any:
    """The handler that `ref` refers to, None if it does not exist or nothing of its kind handles events."""
    kind = HANDLER_KINDS.get(ref.kind)
    return None if kind is None else records.get(kind, namespace, ref.name)


class Handlers:
    """Gives payloads to handlers of all types."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def changed(self, handler: Key) -> None:
        """Call when a handler has changed or was deleted."""
        self._tools.pools.forget(handler)

    def end_wait(self, delivery: int, *, sends: bool) -> None:
        """Stop gathering a delivery for a digest: its message is sent now, or not at all."""
        self._tools.messages.storms.end_wait(delivery, sends=sends)

    async def close(self) -> None:
        """Close the connections of handlers."""
        await self._tools.pools.close()

    async def deliver(self, ref: HandlerRef, handler: Any, payload: bytes, occasion: Occasion) -> Outcome:
        """Give `payload` to the handler that `ref` refers to."""
        handler_type: str = getattr(handler, "type", "")
        deliver = _DELIVER.get((ref.kind, handler_type))
        if deliver is None:
            return Dropped(f"unknown handler type: {handler_type}")
        return await deliver(self._tools, handler, payload, occasion)
