"""The bounds of pipelined's memory and concurrency."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """The bounds of one backend. Deliveries beyond them wait in the store."""

    running_max: int = 50
    """Mutators and handlers that run at the same time for one handler."""
    per_handler_max: int = 1000
    """Deliveries in memory for one handler, waiting or running."""
    pending_max: int = 20_000
    """Deliveries in memory, including those that are done but not yet settled in the store."""
    event_bytes_max: int = 64 * 1024 * 1024
    """Bytes of events in memory. Above it, the events of deliveries that wait for others are read again when needed."""
    retry_early_above: int = 20
    """If more deliveries than this wait behind a failed one, it is retried at once, so that new events do not age."""
