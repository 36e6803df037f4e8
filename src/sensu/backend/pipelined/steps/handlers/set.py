"""Handler sets: a list of other handlers.

`rules/workflow.py` replaces a set that an event names by its handlers, so a set is asked to deliver only if a pipeline
refers to it, which the reference does not support either. Source: spec PL-03.
"""

from sensu.backend.pipelined.steps.handlers.deliver import Occasion, Tools
from sensu.backend.pipelined.steps.outcome import Dropped, Outcome
from sensu.resources.handler import Handler


async def deliver(tools: Tools, handler: Handler, payload: bytes, occasion: Occasion) -> Outcome:
    """Drop the event, in the words of the reference."""
    return Dropped(f"unknown handler type: {handler.type}")
