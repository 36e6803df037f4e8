"""The table of handler types: one row and one file for each."""

from collections.abc import Mapping

from sensu.backend.pipelined.steps.handlers import pipe, set, tcp, udp
from sensu.backend.pipelined.steps.handlers.deliver import Deliver, Tools
from sensu.backend.pipelined.steps.outcome import Dropped, Outcome
from sensu.resources.handler import Handler

TYPES: Mapping[str, Deliver] = {
    "pipe": pipe.deliver,
    "tcp": tcp.deliver,
    "udp": udp.deliver,
    "set": set.deliver,
}


class Handlers:
    """Gives payloads to handlers of all types."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def deliver(self, handler: Handler, payload: bytes, delivery_id: str) -> Outcome:
        """Give `payload` to the handler."""
        deliver = TYPES.get(handler.type)
        if deliver is None:
            return Dropped(f"unknown handler type: {handler.type}")
        return await deliver(self._tools, handler, payload, delivery_id)
