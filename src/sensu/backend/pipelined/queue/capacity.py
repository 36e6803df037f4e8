"""Lanes: for each handler a bounded number of deliveries in memory and of turns: a slow one holds up no other."""

import asyncio
from collections.abc import Iterable

Place = tuple[str, str]
"""A handler: its namespace and name."""


class Lane:
    """The way to one handler; `refused` tells that deliveries rest in the store for want of room."""

    __slots__ = ("refused", "deliveries", "turns")

    def __init__(self, running_max: int) -> None:
        self.deliveries = 0
        self.refused = False
        self.turns = asyncio.Semaphore(running_max)


class Lanes:
    """All lanes that are in use, each with so many deliveries in memory and so many running."""

    def __init__(self, lane_max: int, running_max: int) -> None:
        self._lane_max, self._running_max = lane_max, running_max
        self._lanes: dict[Place, Lane] = {}

    def have_room(self, places: Iterable[Place]) -> bool:
        """Whether every lane takes one more delivery; one that does not will say so when it does."""
        room = True
        for place in places:
            lane = self._lanes.get(place)
            if lane is not None and lane.deliveries >= self._lane_max:
                lane.refused = True
                room = False
        return room

    def enter(self, place: Place) -> None:
        """One delivery more is in memory for a handler."""
        lane = self._lanes.get(place)
        if lane is None:
            lane = self._lanes[place] = Lane(self._running_max)
        lane.deliveries += 1

    def of(self, place: Place) -> Lane:
        """The lane of a handler, while a delivery is in it."""
        return self._lanes[place]

    def leave(self, place: Place) -> bool:
        """One delivery less; whether deliveries that rest in the store are worth another look."""
        lane = self._lanes[place]
        lane.deliveries -= 1
        if lane.refused and lane.deliveries <= self._lane_max // 2:
            lane.refused = False
            return True
        if not lane.deliveries:
            del self._lanes[place]
        return False
