"""Lanes: for each handler a bounded number of steps in memory and of turns: a slow one holds up no other."""

import asyncio
from collections.abc import Iterable

Place = tuple[str, str]
"""A handler: its namespace and name."""


class Lane:
    """The way to one handler; `refused` tells that deliveries rest in the store for want of room."""

    __slots__ = ("refused", "steps", "turns")

    def __init__(self, running_max: int) -> None:
        self.steps = 0
        self.refused = False
        self.turns = asyncio.Semaphore(running_max)


class Lanes:
    """All lanes that are in use, each with so many steps in memory and so many running."""

    def __init__(self, lane_max: int, running_max: int) -> None:
        self._lane_max, self._running_max = lane_max, running_max
        self._lanes: dict[Place, Lane] = {}

    def have_room(self, places: Iterable[Place]) -> bool:
        """Whether every lane takes one more delivery; one that does not will say so when it does."""
        room = True
        for place in places:
            lane = self._lanes.get(place)
            if lane is not None and lane.steps >= self._lane_max:
                lane.refused = True
                room = False
        return room

    def enter(self, place: Place) -> Lane:
        """The lane of a handler, with one step more."""
        lane = self._lanes.get(place)
        if lane is None:
            lane = self._lanes[place] = Lane(self._running_max)
        lane.steps += 1
        return lane

    def leave(self, place: Place) -> bool:
        """One step less; whether deliveries that rest in the store are worth another look."""
        lane = self._lanes[place]
        lane.steps -= 1
        if lane.refused and lane.steps <= self._lane_max // 2:
            lane.refused = False
            return True
        if not lane.steps:
            del self._lanes[place]
        return False
