"""A simulated backend with its agents, clients and handlers: what happens is recorded, and checked at the end."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Container, Iterable, Sequence

from sensu.backend.pipelined.steps.outcome import Delivered, Outcome, Retry
from sensu.backend.stored_form import put
from sensu.resources.check import KEEPALIVE
from sensu.resources.check_request import CheckRequest
from sensu.resources.event import Event
from sensu.resources.handler import Handler
from sensu.resources.kinds import CHECK, HANDLER, NAMESPACE
from sensu.resources.namespace import Namespace
from sensu.resources.wire import decode
from sensu.rules.history import unpacked
from sensu.rules.owed import steps_of
from sensu.rules.run_ledger import SlotOutcome, slots_between
from sensu.rules.schedule import next_at, timing
from sensu.rules.workflow import handler_named, plan
from sensu.store.group import CommitGroup
from sensu.store.values import EventKey
from sensu.testing.factories import make_check_config, make_metadata
from tests.simulation.agents import KEEPALIVE_TIMEOUT_S, Session, SimAgent, SimClient
from tests.simulation.agents import NAMESPACE as PLACE
from tests.simulation.chain import Chain
from tests.simulation.database import START, SimDatabase
from tests.simulation.loop import FOREVER, SimLoop
from tests.simulation.net import SimNet
from tests.simulation.process import SimClock, SimProcess, mark_of
from tests.simulation.records import (
    AgentLife,
    Alarm,
    Answer,
    Attempt,
    Kept,
    LedgerSlot,
    MemberLeft,
    Pending,
    Report,
    Run,
    Term,
    Timetable,
    Written,
)

HANDLERS = {
    name: Handler(
        metadata=make_metadata(name), type="pipe", command="true", filters=filters, retry_attempts=3, retry_delay=1
    )
    for name, filters in {"page": ("is_incident",), "log": ()}.items()
}
HANDLER_TAKES_S = 0.4
RESTART_AFTER_S = 1.0
CALM_S = 100.0
"""How long nothing goes wrong at the end, until the state is looked at."""
QUIET_S = 25.0
"""How long nothing is reported at the end of that, so that handlers can be done with everything."""
FIRST_LOOK_S = 2.0
"""How soon the first process schedules checks."""
LEDGER_OPEN_S = 90.0
"""Slots that are due so shortly before the end may still be open."""
CHECKS = (
    make_check_config("load", interval=30, handlers=("log",)),
    make_check_config("ring", interval=20, round_robin=True, handlers=("page",)),
)


class World:
    """One run; `faults` happen to it from outside."""

    def __init__(self, seed: int, members: Sequence[str] = ("a",), chain: Callable[[], Chain] = Chain) -> None:
        self.chance = random.Random(seed)
        self.loop = SimLoop(self.chance)
        self.database = SimDatabase(self.loop)
        self.processes: dict[str, SimProcess] = {}
        self.faults: Counter[str] = Counter()
        self.happened: list[str] = []
        """The faults, as text with their times."""
        self.starts = dict.fromkeys(members, 0)
        self.ends: list[str] = []
        """Why processes ended by themselves."""
        self._chain = chain
        self.net = SimNet(self.loop)
        self._shared = len(members) > 1
        self._clocks = {member: SimClock(self.loop, self.chance.uniform(-5.0, 5.0)) for member in members}
        self._sessions: dict[SimProcess, list[Session]] = {}
        self._session_number = 0
        self._joined_at: dict[tuple[str, int], float] = {}
        self._attempts: list[Attempt] = []
        self._gone_at: dict[int, float] = {}
        self._ledger: dict[tuple[str, float], LedgerSlot] = {}
        self._twice: list[LedgerSlot] = []
        self._requested: dict[tuple[str, int], float] = {}
        """When requests were sent, by check and `issued`."""
        self._stored: dict[SimProcess, set[tuple[str, float]]] = {}
        """The slots that each process has stored."""
        self._served_at: float | None = None
        self._opened_at: dict[int, float] = {}
        """When the process of each seat began to read the database."""
        self._lost_at: dict[str, float] = {}
        """When a result was lost that had been stored."""
        self._over = False
        names = [f"web{number}" for number in range(4)]
        both, log_only = ("page", "log"), ("log",)
        self.agents = [
            SimAgent(self.loop, name, {"http": both, "disk": log_only}, self._connect, mute=name == "web3")
            for name in names
        ]
        self.clients = [SimClient(self.loop, "router", both, self._some_process)]

    def run(self, seconds: float, faults: Callable[["World"], None]) -> Run:
        """What happened within the time in which things go wrong, and a calm one after it."""
        loop = self.loop
        asyncio.set_event_loop(loop)
        self._configure()
        for member in self.starts:
            self.start(member)
        for each in (*self.agents, *self.clients):
            each.begin()
        faults(self)
        loop.run_until_complete(asyncio.sleep(seconds + CALM_S - QUIET_S))
        for each in (*self.agents, *self.clients):
            each.quiet = True
        loop.run_until_complete(asyncio.sleep(QUIET_S))
        for process in self.processes.values():
            self._keep_ledger(process)
        assert not loop.failed, loop.failed[:3]
        result = self._recorded(loop.time())
        self._bury()
        return result

    def _bury(self) -> None:
        """End all tasks, with nothing around them, so that none is left when the loop closes."""
        self._over = True
        self.database.stop()
        self.loop.release_all()
        for _ in range(3):
            tasks = asyncio.all_tasks(self.loop)
            for task in sorted(tasks, key=hash):
                task.cancel()
            if tasks:
                self.loop.run_until_complete(asyncio.wait(tasks, timeout=30))
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        asyncio.set_event_loop(None)
        self.loop.close()

    def _configure(self) -> None:
        tables = self.database.tables
        writes = [put(NAMESPACE, Namespace(name=PLACE)), *(put(HANDLER, each) for each in HANDLERS.values())]
        writes += [put(CHECK, check) for check in CHECKS]
        group = CommitGroup({write.key: None for write in writes}, {}, lambda *_: False, 1)
        group.add(writes)
        with tables.transaction():
            tables.apply(group)

    def note(self, what: str) -> None:
        """Something goes wrong."""
        self.happened.append(f"{self.loop.time():.3f} {what}")

    def later(self, at: float, what: Callable[..., None], *args: object) -> None:
        """Do something to the world at a time."""
        self.loop.call_at(at, what, *args, context=self.loop.process(""))

    # Processes

    def start(self, member: str) -> None:
        """Start a member, beside its former process if that is not gone."""
        if self._over:
            return
        self.starts[member] += 1
        number, clock = self.starts[member], self._clocks[member]
        process = SimProcess(self, self.database, member, number, clock, shared=self._shared)
        self.processes[member] = process
        process.start(self._chain())

    def kill(self, member: str) -> None:
        """Kill -9 the process of a member, which is started again."""
        self.note(f"kill {self.processes[member].name}")
        self._kill(member, RESTART_AFTER_S)

    def lose_host(self, member: str, seconds: float) -> None:
        """The host of a member loses its power for a while."""
        self.note(f"host of {self.processes[member].name} lost for {seconds:.1f} s")
        self._kill(member, seconds)

    def _kill(self, member: str, start_after_s: float) -> None:
        process = self.processes[member]
        self._bring_down(process)
        self.loop.stop_process(process.name, FOREVER)
        self.database.break_connections(process.name)
        self.net.kill(process.name)
        self.later(self.loop.time() + start_after_s, self._start_if_gone, process)

    def freeze(self, member: str, seconds: float) -> None:
        """Stop a process for a while, and let it go on."""
        process = self.processes[member]
        self.note(f"freeze {process.name} for {seconds:.1f} s")
        self.loop.stop_process(process.name, self.loop.time() + seconds)

    def set_clock(self, member: str, by_s: float) -> None:
        """Somebody sets the clock of a host."""
        self.note(f"clock of {member} set by {by_s:.1f} s")
        self._clocks[member].offset_s += by_s

    def replace(self, member: str, seconds: float) -> None:
        """Freeze a process, and start another one in its place meanwhile."""
        frozen = self.processes[member]
        self.freeze(member, seconds)
        self._leave(frozen)
        self.later(self.loop.time() + seconds / 2, self._start_if_gone, frozen)

    def _start_if_gone(self, before: SimProcess) -> None:
        if self.processes[before.member] is before:
            self.start(before.member)

    def _bring_down(self, process: SimProcess) -> None:
        self._leave(process)
        self._keep_ledger(process)
        process.serving = False

    def _leave(self, process: SimProcess) -> None:
        """Its agents lose their connections."""
        self._gone_at.setdefault(process.seat, self.loop.time())
        for session in self._sessions.pop(process, []):
            session.close()

    def serves(self, process: SimProcess) -> None:
        """A process takes agents and clients."""
        self._joined_at[process.member, process.number] = process.joined_at
        if self._served_at is None:
            self._served_at = process.common_clock.now() + FIRST_LOOK_S

    def ended(self, process: SimProcess, why: str) -> None:
        """A process ended by itself, and is started again."""
        if self._over:
            return
        self.ends.append(f"{self.loop.time():.3f} {process.name}: {why}")
        self._bring_down(process)
        self.net.kill(process.name)
        self.later(self.loop.time() + RESTART_AFTER_S, self._start_if_gone, process)

    def fail_over(self, lost: int) -> None:
        """The database fails over to a standby that lacks the last commits."""
        before = self._stored_marks()
        lost = self.database.fail_over(lost)
        self._lost_at |= dict.fromkeys(before - self._stored_marks(), self.loop.time())
        self.note(f"fail over, {lost} commits lost")

    def _stored_marks(self) -> set[str]:
        histories = self.database.tables.histories.items()
        return {
            unpacked(result.body).output for key, results in histories for result in results if key.check != KEEPALIVE
        }

    # Agents and clients

    def _reachable(self) -> list[SimProcess]:
        now = self.loop.time()
        return [
            process
            for process in self.processes.values()
            if process.serving and self.loop.stopped_until(process.name) <= now
        ]

    def _some_process(self) -> SimProcess | None:
        found = self._reachable()
        return self.chance.choice(found) if found else None

    def _connect(self, agent: SimAgent) -> Session | None:
        process = self._some_process()
        if process is None:
            return None
        self._session_number += 1
        session = Session(self.loop, self._session_number, agent, process)
        self._sessions.setdefault(process, []).append(session)
        process.call(0.0005, process.session_changed, session.number, agent.name, "linux", f"entity:{agent.name}")
        return session

    def _connected(self, process: SimProcess, subscription: str) -> Iterable[SimAgent]:
        for session in self._sessions.get(process, ()):
            name = session.agent.name
            if session.alive and subscription in ("", "linux", f"entity:{name}"):
                yield session.agent

    def publish(self, process: SimProcess, subscription: str, request: CheckRequest) -> int:
        """Send a request to the agents of a subscription."""
        assert request.config is not None
        agents = list(self._connected(process, subscription))
        sent_at = self._requested[request.config.metadata.name, request.issued]
        for agent in agents:
            self.loop.call_later(self.chance.expovariate(1000.0), agent.asked, request, sent_at, context=agent.context)
        return len(agents)

    def requested(self, process: SimProcess, request: CheckRequest) -> None:
        """A request is sent, by the clock of the process that schedules the check."""
        assert request.config is not None
        self._requested[request.config.metadata.name, request.issued] = process.common_clock.now()

    def agents_of(self, process: SimProcess, subscription: str) -> Sequence[str]:
        """The names of agents that are connected."""
        return sorted({agent.name for agent in self._connected(process, subscription)})

    async def handle(self, process: SimProcess, handler: str, payload: bytes, delivery: str) -> Outcome:
        """A handler runs for a while, and fails now and then."""
        self._opened_at[process.seat] = process.opened_at
        place = len(self._attempts)
        begin = self.loop.time()
        self._attempts.append(Attempt(mark_of(payload), handler, delivery, process.seat, begin, None))
        well = self.chance.random() > 0.1
        await asyncio.sleep(self.chance.expovariate(1 / HANDLER_TAKES_S))
        if self._over:
            return Delivered()
        attempt = self._attempts[place]
        self._attempts[place] = Attempt(attempt.mark, handler, delivery, process.seat, begin, self.loop.time(), well)
        return Delivered() if well else Retry("it failed")

    # What is left

    def keep_ledger(self, process: SimProcess) -> None:
        """Note what a process knows of the slots when it has stored them, and so was their owner."""
        self._note_slots(process, lambda _, __: True)

    def _keep_ledger(self, process: SimProcess) -> None:
        """Note what became since of the slots that a process has stored; others may not be its own any more."""
        known = self._stored.get(process, set())
        self._note_slots(process, lambda name, at: not self._shared or (name, at) in known)

    def _note_slots(self, process: SimProcess, which: Callable[[str, float], bool]) -> None:
        if process.core is None:
            return
        until = min(
            (
                at
                for (name, number), at in self._joined_at.items()
                if name == process.member and number > process.number
            ),
            default=FOREVER,
        )
        for check in CHECKS:
            name, seen = check.metadata.name, set[float]()
            for slot in process.core.ledger.slots(PLACE, name):
                if slot.at > until or not which(name, slot.at):
                    continue
                self._stored.setdefault(process, set()).add((name, slot.at))
                entry = LedgerSlot(name, slot.at, slot.outcome.value, slot.why.value)
                if slot.at in seen:
                    self._twice.append(entry)
                seen.add(slot.at)
                if slot.outcome is not SlotOutcome.REQUESTED or (name, slot.at) not in self._ledger:
                    self._ledger[name, slot.at] = entry

    def _recorded(self, now: float) -> Run:
        agents, lost = self.agents, self._lost_at
        sent = [report for agent in agents for report in agent.reports(lambda session: not session.alive)]
        sent += [report for client in self.clients for report in client.reports]
        return Run(
            reports=tuple(_excused(report, lost) for report in sent),
            kept=tuple(self._kept()),
            filters={name: tuple(handler.filters or ()) for name, handler in HANDLERS.items()},
            attempts=tuple(self._attempts_that_count()),
            pending=tuple(self._pending()),
            gone_at=self._gone_at,
            timetables=tuple(self._timetables(START + now - LEDGER_OPEN_S)),
            requests=tuple(request for agent in agents for request in agent.requests),
            ledger=(*self._in_time(now), *self._twice),
            agents=tuple(AgentLife(each.name, KEEPALIVE_TIMEOUT_S, 0.0, each.stopped_at) for each in agents),
            alarms=tuple(self._alarms()),
            members=tuple(self._members()),
            owners={slot: row.seat or 0 for slot, row in self.database.tables.slots.items()} if self._shared else {},
            owed=len(self.database.tables.owed),
            written=tuple(self._written()),
            terms=tuple(self._terms()),
            lost=frozenset(lost),
        )

    def _attempts_that_count(self) -> Iterable[Attempt]:
        """All attempts, without those for a delivery that a failover lost, and that was made again or never.

        A process that had stored or read it before may attempt it until it finds out.
        """
        stored = self._stored_marks()
        ids = {(each.mark, each.handler): each.delivery for each in self._attempts}
        for each in self._attempts:
            is_lost = self._opened_at[each.seat] <= self._lost_at.get(each.mark, -1.0)
            if not is_lost or (each.mark in stored and ids[each.mark, each.handler] == each.delivery):
                yield each

    def _kept(self) -> Iterable[Kept]:
        tables = self.database.tables
        for key, row in tables.events.items():
            check = decode(Event, row.body).check
            assert check is not None
            if key.check != KEEPALIVE:
                marks = tuple(unpacked(result.body).output for result in tables.histories.get(key, ()))
                history = tuple((entry.status, entry.executed) for entry in check.history or ())
                numbers = check.occurrences, check.occurrences_watermark
                yield Kept(key.entity, key.check, marks, check.status, check.state, *numbers, history)

    def _pending(self) -> Iterable[Pending]:
        tables = self.database.tables
        of_all = [(owed, False) for owed in tables.owed.values()] + [(owed, True) for owed, _ in tables.dead.values()]
        for owed, dead in of_all:
            event = decode(Event, owed.event)
            assert event.check is not None
            names: Iterable[str] | None = steps_of(owed.rest, owed.due_at)
            if names is None:
                names = map(str, plan(event, lambda _: None, HANDLERS.get).workflows)
            for name in names:
                yield Pending(event.check.output, handler_named(name), f"{owed.id}:{name}", dead)

    def _timetables(self, until: float) -> Iterable[Timetable]:
        for check in CHECKS:
            when, since = timing(check), self._served_at
            if when is not None and since is not None:
                name = check.metadata.name
                times, _ = slots_between(name, when, since, until, 100_000)
                after = next_at(name, when, times[-1]) or until
                yield Timetable(name, tuple(times), after, bool(check.round_robin))

    def _in_time(self, now: float) -> Iterable[LedgerSlot]:
        since = self._served_at or 0.0
        return (each for each in self._ledger.values() if since < each.at <= START + now - LEDGER_OPEN_S)

    def _alarms(self) -> Iterable[Alarm]:
        for agent in self.agents:
            failing = False
            for result in self.database.tables.histories.get(EventKey(PLACE, agent.name, KEEPALIVE), ()):
                status = unpacked(result.body).status
                if status and not failing:
                    yield Alarm(agent.name, result.at - START)
                failing = status != 0

    def _written(self) -> Iterable[Written]:
        for (place, slot), seat in self.database.tables.written.items():
            yield Written(place, slot, seat)

    def _terms(self) -> Iterable[Term]:
        since: dict[int, tuple[int, int]] = {}
        for place, slot, seat in self.database.tables.owner_changes.values():
            if slot in since:
                yield Term(slot, since[slot][1], since.pop(slot)[0], place)
            if seat is not None:
                since[slot] = place, seat
        for slot, (place, seat) in since.items():
            yield Term(slot, seat, place)

    def _members(self) -> Iterable[MemberLeft]:
        for member, process in self.processes.items():
            problem = "" if process.serving else "it does not serve"
            yield MemberLeft(member, process.seat, problem)


def _excused(report: Report, lost: Container[str]) -> Report:
    """A result that a failover lost was acknowledged, but nobody promised more than the database did."""
    if report.mark in lost:
        return Report(
            *(Answer.PERHAPS if name == "answer" else getattr(report, name) for name in report.__struct_fields__)
        )
    return report
