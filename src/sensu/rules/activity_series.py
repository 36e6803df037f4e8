"""What happened in a namespace as series of numbers, for small charts."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from sensu.resources.wire import Wire, always_bool, always_int, always_list, always_str

NAMES = ("incidents", "changes", "events", "delivered", "failed")
POINTS_MAX = 1000


class CountedStep(Protocol):
    """What was counted in a step that begins at `at` (Unix seconds)."""

    @property
    def at(self) -> int:
        """When it begins."""
        ...


class ActivityValues(Wire, frozen=True):
    """A number for each step of a series: null if nothing was counted, for example because no backend ran."""

    name: str = always_str()
    values: tuple[int | None, ...] = always_list()


class ActivitySeries(Wire, frozen=True):
    """What happened in a namespace between `start` and `end` (Unix seconds), in steps of `step` seconds.

    `incidents` is the greatest number of failing events at a time, all else are sums: state changes, stored events,
    attempts of handlers that delivered or failed. `kept` is false if nothing is kept of the namespace, and `hidden`
    names what the caller may not read.
    """

    start: int = always_int()
    end: int = always_int()
    step: int = always_int()
    kept: bool = always_bool()
    series: tuple[ActivityValues, ...] = always_list()
    hidden: tuple[str, ...] = always_list()


def step_of(window_s: int, points: int, unit_s: int) -> int:
    """How many seconds a step has: a multiple of the unit in which activity is counted."""
    return max(1, -(-window_s // (points * unit_s))) * unit_s


def values_of(name: str, counted: Iterable[CountedStep], start: int, step_s: int, number: int) -> Sequence[int | None]:
    """The numbers of a series whose first step begins at `start`."""
    values: list[int | None] = [None] * number
    combined = max if name == "incidents" else int.__add__
    for one in counted:
        place = (one.at - start) // step_s
        if 0 <= place < number:
            before, value = values[place], int(getattr(one, name))
            values[place] = value if before is None else combined(before, value)
    return values
