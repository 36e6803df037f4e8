"""Keeps what happens in the store: counts of each namespace by the minute, and the connections of agents."""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from itertools import count

from sensu.backend.activity import FAILURES
from sensu.backend.auth.records import Records
from sensu.clock import Clock
from sensu.errors import StoreError
from sensu.log import fields
from sensu.resources.kinds import NAMESPACE
from sensu.rules.explain import DELIVERED, WorkflowTrace
from sensu.store.activity_values import MINUTE_S, CountActivity, NoteConnection, TrimActivity
from sensu.store.contract import Store
from sensu.store.values import Write

logger = logging.getLogger(__name__)

FLUSH_EVERY_S = 5.0
INCIDENTS_EVERY_S = 60.0
TURNS_A_TRIM = 60
NAMESPACES_MAX = 64
"""The number of namespaces whose activity is kept, the first ones by name; nothing is kept of further ones."""
WAITING_MAX = 10_000
"""The maximum number of counts, and of connections, that wait to be written; what exceeds it is not kept."""
WRITES_MAX = 500
"""The maximum number of writes of a commit."""
MINUTES_KEPT_S, QUARTERS_KEPT_S = 25 * 3600, 31 * 86_400
CONNECTIONS_MAX = 200_000
"""The number of connects and disconnects that are kept, apart from their age."""
STOPPING_S = 2.0

_CHANGES, _EVENTS, _DELIVERED, _FAILED = range(4)


class ActivityRecord:
    """Collects what this member does, and writes it to the store now and then."""

    def __init__(self, store: Store, records: Records, clock: Clock, backend: str, connections_kept_s: float) -> None:
        """`backend` is the name of this backend."""
        self._store, self._records, self._clock = store, records, clock
        self._backend, self._connections_kept_s = backend, connections_kept_s
        self._counts: dict[tuple[str, int], list[int]] = {}
        self._connections: list[NoteConnection] = []

    def stored(self, namespace: str, changed: bool) -> None:
        """Count a stored event, and whether its state changed."""
        numbers = self._numbers(namespace)
        numbers[_EVENTS] += 1
        numbers[_CHANGES] += changed

    def attempted(self, namespace: str, trace: WorkflowTrace) -> None:
        """An attempt to take an event through a workflow has ended."""
        if trace.outcome == DELIVERED:
            self._numbers(namespace)[_DELIVERED] += 1
        elif trace.outcome in FAILURES:
            self._numbers(namespace)[_FAILED] += 1

    def connection(self, namespace: str, agent: str, connected: bool, why: str) -> None:
        """An agent connected to this backend, or its connection ended."""
        if len(self._connections) < WAITING_MAX:
            at = int(self._clock.now())
            self._connections.append(NoteConnection(namespace, agent, at, connected, self._backend, why))

    def _numbers(self, namespace: str) -> list[int]:
        now = int(self._clock.now())
        key = (namespace, now - now % MINUTE_S)
        found = self._counts.get(key)
        if found is None:
            found = [0, 0, 0, 0]
            if len(self._counts) < WAITING_MAX:
                self._counts[key] = found
        return found

    async def run(self) -> None:
        """Write what was collected, until cancelled."""
        try:
            while True:
                await self._clock.sleep(FLUSH_EVERY_S)
                await self.flush()
        finally:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOPPING_S):
                    await self.flush()

    async def flush(self) -> None:
        """Write what was collected; what cannot be written is not kept."""
        counts, self._counts = self._counts, {}
        connections, self._connections = self._connections, []
        kept = kept_namespaces(self._records)
        writes: list[Write] = [
            CountActivity(namespace, at, 0, *numbers)
            for (namespace, at), numbers in counts.items()
            if namespace in kept
        ]
        writes += connections
        try:
            for start in range(0, len(writes), WRITES_MAX):
                await self._store.commit(writes[start : start + WRITES_MAX])
        except StoreError as err:
            logger.warning("activity could not be kept", extra=fields(error=str(err)))

    async def watch(self) -> None:
        """Count incidents every minute, and drop what is old every hour, until cancelled; for one member of all."""
        for turn in count():
            try:
                await self.count_incidents()
                if turn % TURNS_A_TRIM == 0:
                    await self._store.commit([self._trim()])
            except StoreError as err:
                logger.warning("incidents could not be counted", extra=fields(error=str(err)))
            await self._clock.sleep(INCIDENTS_EVERY_S)

    async def count_incidents(self) -> None:
        """Keep how many events of each namespace fail now."""
        now, counts = int(self._clock.now()), await self._store.event_counts(None)
        writes: list[Write] = []
        for namespace in kept_namespaces(self._records):
            found = counts.get(namespace)
            incidents = 0 if found is None else sum(found.by_severity[:-1])
            writes.append(CountActivity(namespace, now, incidents))
        await self._store.commit(writes)

    def _trim(self) -> TrimActivity:
        now = int(self._clock.now())
        return TrimActivity(
            minutes_before=now - MINUTES_KEPT_S,
            quarters_before=now - QUARTERS_KEPT_S,
            connections_before=now - int(self._connections_kept_s),
            connections_max=CONNECTIONS_MAX,
        )


def kept_namespaces(records: Records) -> Sequence[str]:
    """The names of the namespaces whose activity is kept."""
    return sorted(namespace.name for namespace in records.list(NAMESPACE, None))[:NAMESPACES_MAX]
