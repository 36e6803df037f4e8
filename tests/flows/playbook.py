"""Flows as playbooks: what happens when, in the words of the field, one line for each moment in virtual time."""

import re
from collections.abc import Awaitable, Callable

from sensu.resources.entity import AGENT_CLASS, Entity
from sensu.resources.event import Event
from sensu.resources.wire import decode
from sensu.testing.factories import make_check, make_entity, make_event, make_keepalive
from tests.flows.world import START, World

Play = Callable[[str], Awaitable[None]]


class Playbook:
    """Plays lines such as these; times are seconds since the start, entities are proxies until they send keepalives.

    at 0 web1 reports http 2                               handled by slack; more: `ttl 90`
    at 0 web1 sends a keepalive                            more: `timeout 120 critical 200`
    at 50 the backend is down for 3600
    at 60 the clock is set by -3600
    at 90 http of web1 was 0 1                             the statuses of its history, oldest first
    between 0 and 1 handler slack gets passing failing     the states of the events that it is owed since then
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._started = 0.0
        self._entities: dict[str, Entity] = {}

    async def play(self, lines: str) -> None:
        """Play the lines in order; a time that has passed and a line without a meaning are errors."""
        for line in filter(None, (line.strip() for line in lines.splitlines())):
            for pattern, step in STEPS:
                if found := re.fullmatch(pattern, line):
                    await step(self, *found.groups())
                    break
            else:
                raise AssertionError(f"no playbook has a line such as {line!r}")

    async def _go_to(self, at: str) -> None:
        rest = float(at) - self._started - self._world.clock.monotonic()
        assert rest >= 0, f"{at} has passed"
        await self._world.clock.advance(rest)

    async def _reports(self, at: str, entity: str, check: str, status: str, more: str) -> None:
        await self._go_to(at)
        executed = START + int(at)
        result = make_check(
            check, int(status), executed=executed, issued=executed, handlers=("slack",), **_fields(more)
        )
        proxy = make_entity(entity, entity_class="proxy")
        await self._world.report(make_event(self._entities.get(entity, proxy), result))

    async def _sends_a_keepalive(self, at: str, entity: str, more: str) -> None:
        await self._go_to(at)
        agent = self._entities.setdefault(entity, make_entity(entity, entity_class=AGENT_CLASS))
        await self._world.keepalive(make_keepalive(agent, timestamp=START + int(at), **_fields(more)))

    async def _is_down(self, at: str, seconds: str) -> None:
        await self._go_to(at)
        await self._world.restart(down_s=float(seconds))
        self._started = float(at) + float(seconds)

    async def _is_set(self, at: str, seconds: str) -> None:
        await self._go_to(at)
        self._world.clock.set_by(float(seconds))

    async def _was(self, at: str, check: str, entity: str, statuses: str) -> None:
        await self._go_to(at)
        event = await self._world.event(entity, check)
        assert event and event.check, f"at {at} there is no event of {check} of {entity}"
        assert [entry.status for entry in event.check.history or ()] == [int(one) for one in statuses.split()], (
            f"at {at}"
        )

    async def _gets(self, after: str, before: str, handler: str, states: str) -> None:
        await self._go_to(before)
        found = []
        for delivery in await self._world.store.deliveries_owed(10_000):
            event = decode(Event, delivery.event)
            if (
                event.check
                and handler in event.check.handlers
                and float(after) <= delivery.due_at - START < float(before)
            ):
                found.append("failing" if event.check.status else "passing")
        assert found == states.split(), f"between {after} and {before}"


def _fields(more: str) -> dict[str, int]:
    words = more.split()
    return dict(zip(words[::2], map(int, words[1::2]), strict=True))


NAME, NUMBER, MORE = r"([\w.-]+)", r"(-?[\d.]+)", r"((?: [a-z]+ \d+)*)"
STEPS: list[tuple[str, Callable[..., Awaitable[None]]]] = [
    (rf"at {NUMBER} {NAME} reports {NAME} (\d+){MORE}", Playbook._reports),
    (rf"at {NUMBER} {NAME} sends a keepalive{MORE}", Playbook._sends_a_keepalive),
    (rf"at {NUMBER} the backend is down for {NUMBER}", Playbook._is_down),
    (rf"at {NUMBER} the clock is set by {NUMBER}", Playbook._is_set),
    (rf"at {NUMBER} {NAME} of {NAME} was([ \d]+)", Playbook._was),
    (rf"between {NUMBER} and {NUMBER} handler {NAME} gets((?: passing| failing)+)", Playbook._gets),
    (rf"between {NUMBER} and {NUMBER} handler {NAME} gets( nothing)", lambda book, a, b, h, _: book._gets(a, b, h, "")),
]
