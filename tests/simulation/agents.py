"""Agents and clients of a simulated backend: they send results, and remember what they were told of each."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from sensu.backend.ports import EventOutcome, EventRefused, EventStored, IncomingEvent
from sensu.resources.check import KEEPALIVE, Check
from sensu.resources.check_request import CheckRequest
from sensu.resources.entity import AGENT_CLASS, PROXY_CLASS, Entity
from sensu.resources.event import Event
from sensu.resources.metadata import ObjectMeta
from sensu.rules.check_state import Sender
from tests.simulation.database import START
from tests.simulation.loop import SimLoop
from tests.simulation.process import SimProcess
from tests.simulation.records import Answer, Report, Request

NAMESPACE = "default"
KEEPALIVE_EVERY_S = 20.0
KEEPALIVE_TIMEOUT_S = 60
RESULT_EVERY_S = 12.0
CONNECT_EVERY_S = 1.0
AGAIN_S = 1.0
SILENT_MAX_S = 25.0
"""An agent that has waited for an answer for so long connects again."""
CLIENT_WITHIN_S = 15.0


class Session:
    """A connection of an agent to a process: what is sent arrives in order, or not at all once it is broken."""

    def __init__(self, loop: SimLoop, number: int, agent: "SimAgent", process: SimProcess) -> None:
        self.number, self.agent, self.process = number, agent, process
        self.alive = True
        self._loop = loop
        self._arrives_at = 0.0
        self._held: deque[tuple[Event, Callable[[EventOutcome], None] | None]] = deque()
        self._waiting = False
        self._sender = Sender(agent.name, number, not agent.mute)

    def _travel_s(self) -> float:
        """When the next message arrives, from now on; not before those sent earlier."""
        now = self._loop.time()
        self._arrives_at = max(self._arrives_at + 1e-6, now + self._loop.chance.expovariate(2000.0))
        return self._arrives_at - now

    def send(self, event: Event, done: Callable[[EventOutcome], None]) -> None:
        """Send an event; `done` is called with the answer, unless the session breaks before."""
        heard = None if self.agent.mute else lambda outcome: self._answer(done, outcome)
        self.process.call(self._travel_s(), self._received, event, heard)

    def _answer(self, done: Callable[[EventOutcome], None], outcome: EventOutcome) -> None:
        def arrive() -> None:
            if self.alive:
                done(outcome)

        self._loop.call_later(self._loop.chance.expovariate(2000.0), arrive, context=self.agent.context)

    def _received(self, event: Event, heard: Callable[[EventOutcome], None] | None) -> None:
        """In the process: take an event, or hold it and what follows until there is room."""
        if self.alive and self.process.serving:
            self._held.append((event, heard))
            if not self._waiting:
                self._take_held()

    def _take_held(self) -> None:
        while self._held:
            event, heard = self._held[0]
            if event.check is not None and event.check.metadata.name == KEEPALIVE:
                taken = self.process.keepalives.offer(event, heard)
            else:
                taken = self.process.intake.has_room() and self.process.intake.offer(
                    IncomingEvent(event, sender=self._sender), heard
                )
            if not taken:
                self._waiting = True
                self.process.within(self._wait())
                return
            self._held.popleft()

    async def _wait(self) -> None:
        await self.process.intake.wait_for_room()
        await self.process.intake.wait_until_admitting()
        self._waiting = False
        if self.alive:
            self._take_held()

    def close(self) -> None:
        """The connection is over; the agent notices."""
        if self.alive:
            self.alive = False
            self.process.call(0.001, self.process.session_changed, self.number, self.agent.name)
            self._loop.call_later(0.001, self.agent.session_ended, self, context=self.agent.context)


class _Result:
    """A result on its way."""

    def __init__(self, report: Report, event: Event) -> None:
        self.report, self.event = report, event
        self.sent_at = 0.0
        self.session: Session | None = None


class SimAgent:
    """An agent that reports several checks, sends again what was not answered, and runs the checks it is asked to."""

    def __init__(
        self,
        loop: SimLoop,
        name: str,
        checks: Mapping[str, Sequence[str]],
        connect: Callable[["SimAgent"], Session | None],
        *,
        mute: bool = False,
    ) -> None:
        """`checks` are those it reports by itself, with their handlers. A mute agent asks for no acknowledgements."""
        self.name, self.mute = name, mute
        self.context = loop.process("")
        self.session: Session | None = None
        self.requests: list[Request] = []
        self.stopped_at: float | None = None
        self.quiet = False
        """Whether it reports nothing any more."""
        self._loop, self._checks, self._connect = loop, checks, connect
        self._statuses = dict.fromkeys(checks, 0)
        self._sequence = 1
        self._outbox: deque[_Result] = deque()
        self._results: list[_Result] = []
        self._entity = Entity(
            entity_class=AGENT_CLASS,
            metadata=ObjectMeta(name=name, namespace=NAMESPACE),
            subscriptions=("linux", f"entity:{name}"),
            user="agent",
        )

    def begin(self) -> None:
        """Connect, and report from now on."""
        self._later(self._loop.chance.uniform(0, 1), self._keep_connected)
        self._later(self._loop.chance.uniform(0, KEEPALIVE_EVERY_S), self._keepalive)
        for check in self._checks:
            self._later(self._loop.chance.uniform(0, RESULT_EVERY_S), self._report_forever, check)

    def _later(self, delay_s: float, callback: Callable[..., None], *args: Any) -> None:
        self._loop.call_later(delay_s, callback, *args, context=self.context)

    def stop(self) -> None:
        """The agent ends for good."""
        self.stopped_at = self._loop.time()
        if self.session is not None:
            self.session.close()

    def reports(self, ended: Callable[[Session], bool]) -> list[Report]:
        """What was sent; a mute agent's results count as acknowledged if their session is not over."""
        found = []
        for result in self._results:
            report = result.report
            if self.mute and result.session is not None and not ended(result.session):
                report = msgspec.structs.replace(report, answer=Answer.OK)
            found.append(report)
        return found

    def _keep_connected(self) -> None:
        if self.stopped_at is not None:
            return
        now = self._loop.time()
        if self.session is not None:
            waits = [result.sent_at for result in self._results[-50:] if self._waits(result)]
            if waits and now - waits[0] > SILENT_MAX_S:
                self.session.close()
        else:
            self.session = self._connect(self)
            if self.session is not None:
                self._send_keepalive(self.session)
                self._flush()
        self._later(CONNECT_EVERY_S * self._loop.chance.uniform(0.5, 1.5), self._keep_connected)

    def _waits(self, result: _Result) -> bool:
        return not self.mute and result.session is self.session and result.report.answer is Answer.PERHAPS

    def session_ended(self, session: Session) -> None:
        """The connection broke: what was not answered is sent again on the next one, in its order."""
        if self.session is session:
            self.session = None
        again = [
            result
            for result in self._results
            if result.session is session and result.report.answer is Answer.PERHAPS and not self.mute
        ]
        self._put_back(again)

    def _put_back(self, results: Sequence[_Result]) -> None:
        """Queue results again, in the order in which they were made."""
        for result in results:
            result.session = None
        self._outbox = deque(sorted((*results, *self._outbox), key=lambda result: result.report.sequence))

    def _keepalive(self) -> None:
        if self.stopped_at is not None:
            return
        if self.session is not None:
            self._send_keepalive(self.session)
        self._later(KEEPALIVE_EVERY_S, self._keepalive)

    def _send_keepalive(self, session: Session) -> None:
        metadata = ObjectMeta(name=KEEPALIVE, namespace=NAMESPACE)
        check = Check(metadata=metadata, interval=20, timeout=KEEPALIVE_TIMEOUT_S)
        session.send(Event(check=check, entity=self._entity, timestamp=self._now()), lambda _: None)

    def _now(self) -> int:
        return int(START + self._loop.time())

    def _report_forever(self, check: str) -> None:
        if self.stopped_at is None and not self.quiet:
            self._report(check, self._checks[check])
            self._later(RESULT_EVERY_S * self._loop.chance.uniform(0.5, 1.5), self._report_forever, check)

    def _report(self, check: str, handlers: Sequence[str], issued: int = 0) -> None:
        """A result; the status stays what it is more often than not."""
        if self._loop.chance.random() < 0.3:
            self._statuses[check] = self._loop.chance.choice((0, 0, 1, 2))
        self._sequence += 1
        number, status, now = self._sequence, self._statuses.get(check, 0), self._now()
        mark = f"{self.name}-{number}"
        report = Report(
            mark, self.name, check, self.name, 0, number, now, status, Answer.PERHAPS, tuple(handlers), issued, 0
        )
        event = Event(
            check=result_of(check, mark, status, now, handlers, issued),
            entity=self._entity,
            id=f"{number:08x}-0000-4000-8000-{number:012x}",
            sequence=number,
            timestamp=now,
        )
        result = _Result(report, event)
        self._results.append(result)
        self._outbox.append(result)
        self._flush()

    def _flush(self) -> None:
        while self._outbox and self.session is not None:
            result, session = self._outbox.popleft(), self.session
            result.session, result.sent_at = session, self._loop.time()
            report = result.report
            first = report.session or session.number
            result.report = msgspec.structs.replace(report, session=first, times=report.times + 1)
            session.send(result.event, lambda outcome, result=result: self._answered(result, outcome))  # type: ignore[misc]

    def _answered(self, result: _Result, outcome: EventOutcome) -> None:
        if isinstance(outcome, EventStored):
            result.report = msgspec.structs.replace(result.report, answer=Answer.OK)
        elif isinstance(outcome, EventRefused):
            result.report = msgspec.structs.replace(result.report, answer=Answer.NO)
        else:
            self._put_back([result])
            self._later(AGAIN_S, self._flush)

    def asked(self, request: CheckRequest, sent_at: float) -> None:
        """Run a check; the request was sent at a time of the member's clock."""
        assert request.config is not None
        name = request.config.metadata.name
        if self.stopped_at is None and not self.quiet:
            self.requests.append(Request(name, request.issued, self.name, sent_at))
            self._later(self._loop.chance.uniform(0.05, 2), self._report, name, request.config.handlers, request.issued)


class SimClient:
    """A client of the API that posts events of proxy entities, one after the other."""

    def __init__(
        self, loop: SimLoop, name: str, handlers: Sequence[str], find: Callable[[], SimProcess | None]
    ) -> None:
        self.reports: list[Report] = []
        self.quiet = False
        self._loop, self._name, self._handlers, self._find = loop, name, handlers, find
        self._context = loop.process("")
        self._awaited: int | None = None

    def begin(self) -> None:
        """Post from now on."""
        self._loop.call_later(self._loop.chance.uniform(0, RESULT_EVERY_S), self._post, context=self._context)

    def _post(self) -> None:
        process, number = self._find(), len(self.reports)
        if process is None or self.quiet:
            self._next()
            return
        self._awaited = number
        mark, status = f"{self._name}-{number}", self._loop.chance.choice((0, 0, 2))
        now = int(START + self._loop.time())
        metadata = ObjectMeta(name=self._name, namespace=NAMESPACE)
        check = result_of("ping", mark, status, now, self._handlers)
        event = Event(check=check, entity=Entity(entity_class=PROXY_CLASS, metadata=metadata), timestamp=now)
        handlers = tuple(self._handlers)
        report = Report(mark, self._name, "ping", "", 0, 0, now, status, Answer.PERHAPS, handlers)
        self.reports.append(report)
        process.call(self._loop.chance.expovariate(2000.0), self._received, process, event, number)
        self._loop.call_later(CLIENT_WITHIN_S, self._conclude, number, Answer.PERHAPS, context=self._context)

    def _received(self, process: SimProcess, event: Event, number: int) -> None:
        if process.serving:
            process.within(self._posted(process, event, number))

    async def _posted(self, process: SimProcess, event: Event, number: int) -> None:
        outcome = await process.intake.post(IncomingEvent(event))
        answer = Answer.NO if isinstance(outcome, EventRefused) else Answer.PERHAPS
        answer = Answer.OK if isinstance(outcome, EventStored) else answer
        travel_s = self._loop.chance.expovariate(2000.0)
        self._loop.call_later(travel_s, self._conclude, number, answer, context=self._context)

    def _conclude(self, number: int, answer: Answer) -> None:
        """The answer came, or was waited for too long."""
        if number == self._awaited:
            self._awaited = None
            self.reports[number] = msgspec.structs.replace(self.reports[number], answer=answer)
            self._next()

    def _next(self) -> None:
        pause_s = RESULT_EVERY_S * self._loop.chance.uniform(0.2, 1.2)
        self._loop.call_later(pause_s, self._post, context=self._context)


def result_of(name: str, mark: str, status: int, now: int, handlers: Sequence[str], issued: int = 0) -> Check:
    """A result of a check, whose output is the mark."""
    metadata = ObjectMeta(name=name, namespace=NAMESPACE)
    return Check(
        metadata=metadata,
        status=status,
        output=mark,
        executed=now,
        issued=issued,
        handlers=tuple(handlers),
        interval=10,
    )
