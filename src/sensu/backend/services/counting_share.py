"""CountsT that take long to count, and are therefore used for a while after things changed."""

from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

import msgspec

from sensu.clock import Clock

COUNTING_SHARE = 50
"""After counting, the numbers are used for this many times the time that counting took."""
COUNTS_KEPT_S = 5.0
NAMESPACES_COUNTED_MAX = 300
"""The number of namespaces whose numbers are remembered; the one that was counted first is forgotten."""

CountsT = TypeVar("CountsT")


class _Counted(msgspec.Struct, Generic[CountsT], frozen=True):
    """What was counted, the revision it was counted at, and until when it is used although the revision changed."""

    of: Hashable
    revision: int
    until: float
    numbers: CountsT


class CountedNotLongAgo(Generic[CountsT]):
    """Keeps the numbers of namespaces, so that counting takes at most a small part of the time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counted: dict[str, _Counted[CountsT]] = {}

    async def numbers(
        self, namespace: str, revision: int, count: Callable[[], Awaitable[CountsT]], of: Hashable = None
    ) -> CountsT:
        """The numbers, counted now or not long ago; those of something else than `of` are never used."""
        known, begun = self._counted.get(namespace), self._clock.monotonic()
        if known is not None and known.of == of and (known.revision == revision or begun < known.until):
            return known.numbers
        numbers = await count()
        ended = self._clock.monotonic()
        self._counted.pop(namespace, None)
        if len(self._counted) >= NAMESPACES_COUNTED_MAX:
            del self._counted[next(iter(self._counted))]
        kept_s = min(COUNTS_KEPT_S, (ended - begun) * COUNTING_SHARE)
        self._counted[namespace] = _Counted(of, revision, ended + kept_s, numbers)
        return numbers
