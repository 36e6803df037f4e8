"""What every handler type implements, and what it is given to do so."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from sensu.backend.pipelined.steps.handlers.pools import Pools
from sensu.backend.pipelined.steps.messages import Messages
from sensu.backend.pipelined.steps.outcome import Outcome
from sensu.backend.pipelined.steps.runtime_assets import RuntimeAssets
from sensu.backend.secrets.resolver import Secrets
from sensu.clock import Clock
from sensu.rules.event_links import EventLinks


@dataclass(frozen=True, slots=True)
class Tools:
    """The parts of the backend that deliveries use."""

    assets: RuntimeAssets
    secrets: Secrets
    clock: Clock
    messages: Messages
    pools: Pools


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a payload is about: the id of its delivery, the same at each attempt, and the event's links if any.

    `is_event` is whether the payload is the JSON of the event, because the workflow has no mutator. Within `paused`, a
    handler that only waits gives its turn to others.
    """

    delivery_id: str
    links: EventLinks | None = None
    is_event: bool = False
    paused: Callable[[], AbstractAsyncContextManager[Any]] = nullcontext


Deliver = Callable[[Tools, Any, bytes, Occasion], Awaitable[Outcome]]
"""Gives a payload to a handler: `(tools, handler, payload, occasion)`."""
