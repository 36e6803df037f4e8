"""Agents and clients of the cluster: they report results, and remember what they were told of each."""

import asyncio
import contextlib
import itertools
import random
import time
from collections.abc import Callable, Iterator, Sequence

import msgspec

from sensu.resources.entity import AGENT_CLASS, Entity
from sensu.resources.event import Event
from sensu.resources.metadata import ObjectMeta
from sensu.testing.fake_agent import FakeAgent, NotConnected
from sensu.transport import frames
from tests.cluster.world import NAMESPACE, Cluster
from tests.simulation.agents import result_of
from tests.simulation.records import AgentLife, Answer, Report

CHECK = "http"
REPORT_EVERY_S = 4.0
KEEPALIVE_EVERY_S = 5.0
KEEPALIVE_TIMEOUT_S = 60
LOOK_EVERY_S = 0.25
SILENT_MAX_S = 25.0
"""An agent that has waited for an answer for so long connects again."""
AGAIN_S = 0.5
CLIENT_EVERY_S = 0.3

_sessions = itertools.count(1)


class _Result:
    """A result on its way; `session` is the last one on which it was sent, as the message `number`."""

    def __init__(self, report: Report, event: Event) -> None:
        self.report, self.event = report, event
        self.session = self.number = 0
        self.sent_at = 0.0


class RealAgent:
    """An agent that keeps a session with one of several backends; a mute one asks for no acknowledgements."""

    def __init__(self, name: str, urls: Sequence[str], handlers: Sequence[str], *, mute: bool, seed: int) -> None:
        self.name, self.mute = name, mute
        self.quiet = False
        """Whether it reports nothing any more."""
        self._urls, self._handlers, self._chance = urls, tuple(handlers), random.Random(seed)
        self._turn = self._chance.randrange(len(urls))
        self._agent: FakeAgent | None = None
        self._session = self._sequence = self._status = 0
        self._results: list[_Result] = []
        self._waiting: list[_Result] = []
        self._closed_sessions: set[int] = set()
        self._alive_at = self._begun_at = time.time()
        self._pause_s = 0.0
        self._entity = Entity(
            entity_class=AGENT_CLASS,
            metadata=ObjectMeta(name=name, namespace="default"),
            subscriptions=(f"entity:{name}",),
            user="agent",
        )

    async def run(self) -> None:
        """Stay connected, and report until cancelled."""
        while True:
            try:
                agent = await FakeAgent.connect(self._urls[self._turn], self.name, acknowledged=not self.mute)
            except (NotConnected, OSError, TimeoutError):
                self._turn = (self._turn + 1) % len(self._urls)
                await asyncio.sleep(self._chance.uniform(0.3, 1.0))
                continue
            self._agent, self._session = agent, next(_sessions)
            try:
                await self._use(agent)
            finally:
                self._closed_sessions.add(self._session)
                self._agent = None
                with contextlib.suppress(TimeoutError):
                    await agent.close()
                self._turn = (self._turn + 1) % len(self._urls)

    async def _use(self, agent: FakeAgent) -> None:
        """Report on a session until it is over."""
        closed = asyncio.ensure_future(agent.socket.wait_closed())
        if not self.mute:
            self._waiting = [one for one in self._results if one.report.answer is Answer.PERHAPS]
        keepalive_at = report_at = time.monotonic() + self._chance.uniform(0, LOOK_EVERY_S)
        with contextlib.suppress(ConnectionError):
            while not closed.done() and not self._is_silent():
                now = time.monotonic()
                if now >= keepalive_at:
                    agent.keepalive(interval=int(KEEPALIVE_EVERY_S), timeout=KEEPALIVE_TIMEOUT_S)
                    self._pause_s = max(self._pause_s, time.time() - self._alive_at)
                    self._alive_at, keepalive_at = time.time(), now + KEEPALIVE_EVERY_S
                if now >= report_at and not self.quiet:
                    self._waiting.append(self._result())
                    report_at = now + REPORT_EVERY_S * self._chance.uniform(0.5, 1.5)
                self._flush(agent)
                self._settle(agent)
                await asyncio.sleep(LOOK_EVERY_S)
        self._settle(agent)
        closed.cancel()

    def _is_silent(self) -> bool:
        if self.mute:
            return False
        open_ones = (one for one in self._results[-60:] if one.number and one.report.answer is Answer.PERHAPS)
        return any(one.session == self._session and time.monotonic() - one.sent_at > SILENT_MAX_S for one in open_ones)

    def _result(self) -> _Result:
        if self._chance.random() < 0.3:
            self._status = self._chance.choice((0, 0, 1, 2))
        self._sequence += 1
        number, now = self._sequence, int(time.time())
        mark = f"{self.name}-{number}"
        report = Report(
            *(mark, self.name, CHECK, self.name, 0, number, now, self._status, Answer.PERHAPS, self._handlers, 0, 0)
        )
        check = result_of(CHECK, mark, self._status, now, self._handlers, 0)
        event_id = f"{number:08x}-0000-4000-8000-{number:012x}"
        found = _Result(report, Event(check=check, entity=self._entity, id=event_id, sequence=number, timestamp=now))
        self._results.append(found)
        return found

    def _flush(self, agent: FakeAgent) -> None:
        while self._waiting:
            one = self._waiting[0]
            one.number = agent.send(frames.EVENT, one.event)
            one.session, one.sent_at = self._session, time.monotonic()
            first = one.report.session or self._session
            one.report = msgspec.structs.replace(one.report, session=first, times=one.report.times + 1)
            self._waiting.pop(0)

    def _settle(self, agent: FakeAgent) -> None:
        """Note what was answered; what was deferred is sent again, in its order."""
        again = []
        for one in self._results[-200:]:
            if one.session != self._session or not one.number or one.report.answer is not Answer.PERHAPS or self.mute:
                continue
            if one.number in agent.stored:
                one.report = msgspec.structs.replace(one.report, answer=Answer.OK)
            elif one.number in agent.refused:
                one.report = msgspec.structs.replace(one.report, answer=Answer.NO)
            elif one.number in agent.deferred:
                one.number = 0
                again.append(one)
        if again:
            self._waiting = sorted((*again, *self._waiting), key=lambda one: one.report.sequence)

    @property
    def owes(self) -> int:
        """How many results wait for an answer."""
        return 0 if self.mute else sum(1 for one in self._results if one.report.answer is Answer.PERHAPS)

    def reports(self) -> Iterator[Report]:
        """What was sent; results of a mute agent count as acknowledged if their session is not over."""
        for one in self._results:
            if one.report.times:
                alive = self.mute and one.session not in self._closed_sessions
                yield msgspec.structs.replace(one.report, answer=Answer.OK) if alive else one.report

    def life(self) -> AgentLife:
        """How regularly its keepalives were sent."""
        return AgentLife(self.name, float(KEEPALIVE_TIMEOUT_S), max(self._pause_s, time.time() - self._alive_at))


class Client:
    """A client of the API that reports results of an entity to one backend after the other."""

    def __init__(self, cluster: Cluster, entity: str, handlers: Sequence[str]) -> None:
        self.entity = entity
        self.reports: list[Report] = []
        self.longest_s = 0.0
        """The longest time without an answer 201, since `forget_longest`."""
        self._cluster, self._handlers = cluster, tuple(handlers)
        self._taken_at = time.monotonic()

    def forget_longest(self) -> None:
        """Begin to measure again."""
        self.longest_s, self._taken_at = 0.0, time.monotonic()

    async def run(self, quiet: Callable[[], bool]) -> None:
        """Report until `quiet` says so."""
        for number in itertools.count(1):
            if quiet():
                return
            backend = self._cluster.backends[number % len(self._cluster.backends)]
            mark, now, status = f"{self.entity}-{number}", int(time.time()), number % 5 == 0
            check = {"metadata": {"name": CHECK}, "interval": 60, "status": int(status), "output": mark}
            check |= {"handlers": list(self._handlers), "executed": now}
            entity = {"metadata": {"name": self.entity, "namespace": "default"}, "entity_class": "proxy"}
            body = {"metadata": {"namespace": "default"}, "entity": entity, "check": check}
            said, _ = await self._cluster.ask(backend, "POST", f"{NAMESPACE}/events", body)
            answer = Answer.OK if said == 201 else Answer.NO if 400 <= said < 500 else Answer.PERHAPS
            self.reports.append(Report(mark, self.entity, CHECK, "", 0, 0, now, int(status), answer, self._handlers))
            waited_s = time.monotonic() - self._taken_at
            self.longest_s = max(self.longest_s, waited_s)
            if said == 201:
                self._taken_at = time.monotonic()
            await asyncio.sleep(CLIENT_EVERY_S if said == 201 else AGAIN_S)
