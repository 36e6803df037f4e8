"""The cluster, and the faults that happen to it."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from sensu.resources.event import Event
from sensu.resources.wire import decode
from sensu.rules.history import unpacked
from sensu.store.database_url import target_of
from sensu.store.postgres.store import PostgresStore
from sensu.store.values import EventKey
from sensu.testing.backend_process import BackendProcess
from tests.cluster.faults.agents import Client, RealAgent
from tests.cluster.world import MEMBERS, NAMESPACE, Cluster, until
from tests.simulation.records import Alarm, Answer, Attempt, Kept, MemberLeft, Run

CLIENTS = 8
HANDLED_OF = 20
"""The results of two of so many agents have a handler."""
CALM_S = 8.0
AWAY_S = 30.0
FROZEN_S = 20.0
SETTLED_WITHIN_S = 90.0
SEAT = "FAULT_SEAT"
HANDLER = """#!/bin/sh
begin=$(date +%s.%N)
mark=$(sed -n 's/.*"output":"\\([^"]*\\)".*/\\1/p')
echo "$mark $SENSU_DELIVERY_ID ${FAULT_SEAT:-0} $begin $(date +%s.%N)" >>ATTEMPTS
"""


class Row(NamedTuple):
    """What a scene showed."""

    scene: str
    seconds: float
    sent: int
    acknowledged: int
    longest_s: float


class NumberedCluster(Cluster):
    """A cluster that numbers each start of a backend; handlers inherit the number."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.starts: dict[int, int] = {}
        """The number of the last start of each backend, by the port of its API."""
        self._last = 0

    async def begin(self, backend: BackendProcess) -> None:
        self._last += 1
        self.starts[backend.api_port] = self._last
        os.environ[SEAT] = str(self._last)  # read before anything is waited for
        await super().begin(backend)


class Scenes:
    """The cluster, its agents and clients, and what happens to them."""

    def __init__(self, folder: Path, agents: int) -> None:
        self.cluster = NumberedCluster(folder)
        self._attempts, self._script = folder / "attempts", folder / "handler.sh"
        self.gone_at: dict[int, float] = {}
        self.rows: list[Row] = []
        self._quiet = False
        self._agents_number = agents
        self.agents: list[RealAgent] = []
        self.clients: list[Client] = []
        self._running: list[asyncio.Task[None]] = []

    async def begin(self) -> None:
        """Start everything."""
        backends = self.cluster.backends
        await self.cluster.start()
        self._script.write_text(HANDLER.replace("ATTEMPTS", str(self._attempts)))
        self._script.chmod(0o755)
        handler = {"metadata": {"name": "log", "namespace": "default"}, "type": "pipe", "command": str(self._script)}
        status, said = await self.cluster.ask(backends[0], "PUT", f"{NAMESPACE}/handlers/log", handler)
        assert status == 201, said
        urls = [backend.agent_url for backend in backends]
        for number in range(self._agents_number):
            handlers = ("log",) if number % HANDLED_OF < 2 else ()
            name = f"agent-{number}"
            self.agents.append(RealAgent(name, urls, handlers, mute=number % 2 == 1, seed=number))
        self.clients = [Client(self.cluster, f"api-{number}", ("log",)) for number in range(CLIENTS)]
        self._running = [asyncio.ensure_future(agent.run()) for agent in self.agents]
        self._running += [asyncio.ensure_future(client.run(lambda: self._quiet)) for client in self.clients]

    def _gone(self, backend: BackendProcess) -> None:
        self.gone_at[self.cluster.starts[backend.api_port]] = time.time()

    async def scene(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Do something to the cluster, and wait until all is well again."""
        print(f"{name} …", file=sys.stderr, flush=True)
        for client in self.clients:
            client.forget_longest()
        begun, before = time.monotonic(), self._counts()
        await work()
        await until(lambda: self._is_spread(), f"{name}: the slots are not spread", SETTLED_WITHIN_S)
        await asyncio.sleep(CALM_S)
        after = self._counts()
        longest = max(client.longest_s for client in self.clients)
        took_s = time.monotonic() - begun
        self.rows.append(Row(name, took_s, after[0] - before[0], after[1] - before[1], longest))

    def _counts(self) -> tuple[int, int]:
        reports = [report for agent in self.agents for report in agent.reports() if not agent.mute]
        reports += [report for client in self.clients for report in client.reports]
        return len(reports), sum(1 for report in reports if report.answer is Answer.OK)

    def _is_spread(self) -> bool:
        with contextlib.suppress(RuntimeError, ValueError):
            found = self.cluster.slots()
            return len(found) == MEMBERS and min(found) >= 64 // MEMBERS
        return False

    # Scenes

    async def calm(self) -> None:
        """Nothing happens."""
        await asyncio.sleep(CALM_S)

    async def rolling_restart(self) -> None:
        """One backend after the other is stopped and started."""
        for backend in self.cluster.backends:
            assert await backend.stop() == 0, backend.last_words()
            await self.cluster.begin(backend)
            await until(self._is_spread, "the slots are not spread", SETTLED_WITHIN_S)

    async def kill_and_start(self) -> None:
        """A backend is killed, and started again at once."""
        lost = self.cluster.backends[0]
        self._gone(lost)
        await lost.kill()
        await self.cluster.begin(lost)

    async def kill(self) -> None:
        """A backend is killed, and started again much later."""
        lost = self.cluster.backends[1]
        self._gone(lost)
        await lost.kill()
        await asyncio.sleep(FROZEN_S)
        await self.cluster.begin(lost)

    async def kill_two(self) -> None:
        """Two backends are killed at the same time, and started again later."""
        lost = self.cluster.backends[:2]
        for one in lost:
            self._gone(one)
            one.send_signal(signal.SIGKILL)
        await asyncio.sleep(FROZEN_S)
        for one in lost:
            await one.kill()
            await self.cluster.begin(one)

    async def freeze(self) -> None:
        """A backend stands still, wakes up, and ends; then it is started again."""
        lost = self.cluster.backends[2]
        process = lost._process
        assert process is not None
        self._gone(lost)
        lost.send_signal(signal.SIGSTOP)
        await asyncio.sleep(FROZEN_S)
        lost.send_signal(signal.SIGCONT)
        assert await asyncio.wait_for(process.wait(), 30) == 1
        await lost.kill()
        await self.cluster.begin(lost)

    async def database_away(self) -> None:
        """The database is stopped for a while."""
        await asyncio.to_thread(self.cluster.server.stop, "fast")
        await asyncio.sleep(AWAY_S)
        await asyncio.to_thread(self.cluster.server.start)

    async def database_crashes(self) -> None:
        """The database crashes in the middle of commits, five times."""
        for _ in range(5):
            await asyncio.to_thread(self.cluster.server.stop, "immediate")
            await asyncio.to_thread(self.cluster.server.start)
            await asyncio.sleep(4)

    # The end

    async def end(self) -> Run:
        """Let everything come to rest; what happened."""
        self._quiet = True
        for agent in self.agents:
            agent.quiet = True
        with contextlib.suppress(AssertionError):
            await until(lambda: not any(agent.owes for agent in self.agents), "answers are missing", SETTLED_WITHIN_S)
        await asyncio.sleep(CALM_S)
        members = [member async for member in self._members()]
        sent = tuple(report for agent in self.agents for report in agent.reports())
        sent += tuple(report for client in self.clients for report in client.reports)
        lives = tuple(agent.life() for agent in self.agents)
        schema = self.cluster.url.partition("search_path=")[2]
        rows = self.cluster.server.execute(f"SELECT slot, coalesce(seat, 0) FROM {schema}.slots").splitlines()
        owners = {int(slot): int(seat) for slot, _, seat in (row.partition("|") for row in rows)}
        kept, alarms, owed = await self._stored()
        return Run(
            reports=sent,
            kept=tuple(kept),
            attempts=tuple(self._made()),
            gone_at=self.gone_at,
            agents=lives,
            alarms=tuple(alarms),
            members=tuple(members),
            owners=owners,
            owed=owed,
        )

    async def _members(self) -> AsyncIterator[MemberLeft]:
        for backend in self.cluster.backends:
            _, health = await self.cluster.ask(backend, "GET", "/health")
            problems = [one["Err"] for one in json.loads(health)["ClusterHealth"] if one["Err"]]
            _, owners = await self.cluster.ask(backend, "GET", "/api/sensu/v1/cluster/owners")
            schema = self.cluster.url.partition("search_path=")[2]
            sql = f"SELECT id FROM {schema}.seats WHERE gone_at IS NULL AND client_url = '{backend.api_url}'"
            seat = int(self.cluster.server.execute(sql) or 0)
            yield MemberLeft(backend.api_url, seat, "; ".join(problems) or ("" if owners else "no answer"))

    async def _stored(self) -> tuple[list[Kept], list[Alarm], int]:
        """The events with their histories, the alarms, and how many deliveries are pending."""
        store = PostgresStore(target_of(self.cluster.url))
        await store.open()
        kept, alarms = [], []
        try:
            for stored in (await store.list_events("default")).items:
                page = await store.history(stored.key, 10_000)
                entries = [] if page is None else [(one.at, unpacked(one.body)) for one in reversed(page.items)]
                if stored.key.check == "keepalive":
                    alarms += [Alarm(stored.key.entity, float(at)) for at, entry in entries if entry.status]
                    continue
                kept.append(_kept(stored.key, stored.body, tuple(entry.output for _, entry in entries)))
            owed = store.deliveries_size().count
        finally:
            await store.close()
        return kept, alarms, owed

    def _made(self) -> Iterator[Attempt]:
        """The runs of the handler; one whose backend was killed before it had the event has no result."""
        lines = self._attempts.read_text().splitlines() if self._attempts.exists() else []
        for mark, delivery, seat, begin, end in (line.split(" ") for line in lines):
            if mark:
                yield Attempt(mark, "log", delivery, int(seat), float(begin), float(end))

    async def stop(self) -> None:
        """End everything."""
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)
        await self.cluster.stop()


def _kept(key: EventKey, body: bytes, marks: tuple[str, ...]) -> Kept:
    check = decode(Event, body).check
    assert check is not None
    history = tuple((entry.status, entry.executed) for entry in check.history or ())
    numbers = check.occurrences, check.occurrences_watermark
    return Kept(key.entity, key.check, marks, check.status, check.state, *numbers, history)
