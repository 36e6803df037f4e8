"""How much pipelined takes on at a time."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """The bounds of one backend; what is beyond them waits in the store."""

    running_max: int = 50
    """Mutators and handlers that run at the same time for one handler."""
    lane_max: int = 1000
    """Deliveries in memory for one handler, waiting or running."""
    held_max: int = 20_000
    """Deliveries in memory, those included that are done and the store was not told of."""
    event_bytes_max: int = 64 * 1024 * 1024
    """Bytes of events in memory; above, deliveries that wait for others are read again in their turn."""
    patient_up_to: int = 20
    """Where more than this wait behind one that failed, it is tried again at once, so that news does not grow old."""
