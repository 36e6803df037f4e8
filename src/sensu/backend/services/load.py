"""How large the database and the queues of a cluster are, and how large they may become."""

from collections.abc import Sequence
from itertools import chain
from typing import Final

import msgspec

from sensu.backend.metrics import BackendMetrics
from sensu.backend.ports import Peers
from sensu.backend.services.outcomes import Found
from sensu.clock import Clock
from sensu.store.contract import Store

READ_EVERY_S: Final = 2.0
"""How often the numbers are read, however many ask for them."""
BYTES, ENTRIES = "bytes", "entries"
_AGENTS, _EVENTS, _HANDLERS = "sensu_go_agent_sessions", "sensu_go_wizard_bus", "sensu_go_event_handlers_busy"
_HANDLED = "sensu:event"
"""The topic of events that are processed and wait for their handlers, which are counted as deliveries."""
_MEMORY = "process_resident_memory_bytes"


class LoadBounds(msgspec.Struct, frozen=True):
    """The kind of the database, and the settings that bound what is kept in it."""

    store: str
    deliveries: int
    delivery_bytes: int
    result_bytes: int
    change_bytes: int
    audit_entries: int


class Bounded(msgspec.Struct, frozen=True):
    """Something that grows up to a bound; `unit` is `bytes` or `entries`."""

    name: str
    used: int
    used_max: int
    unit: str


class ClusterLoad(msgspec.Struct, frozen=True):
    """What a cluster holds now; of several workers or members the sum.

    `at` and `started_at` are in Unix seconds; `started_at` is that of the process that answers. `events_waiting` counts
    events that are not processed yet, `handlers_running` mutators and handlers, `memory_bytes` is what all processes
    have in memory. What `bounds` names is bounded: `deliveries` and `delivery_bytes` (pending ones; at the bound new
    events are held back), `result_bytes` and `change_bytes` (results and state changes that are kept) and
    `audit_entries` (of these three the oldest are dropped).
    """

    at: float
    started_at: float
    version: str
    processes: int
    store: str
    store_bytes: int
    agents: int
    events_waiting: int
    handlers_running: int
    memory_bytes: int
    bounds: Sequence[Bounded]


class Loads:
    """Answers every user: the numbers name nothing, and `/metrics` has them, too."""

    def __init__(
        self, store: Store, metrics: BackendMetrics, peers: Peers, clock: Clock, bounds: LoadBounds, version: str
    ) -> None:
        self._store, self._metrics, self._peers, self._clock = store, metrics, peers, clock
        self._bounds, self._version = bounds, version
        self._started_at = clock.now()
        self._read_at, self._found = float("-inf"), Found(b"")

    async def load(self) -> Found:
        """The `ClusterLoad` of now or of 2 s ago."""
        if self._clock.monotonic() - self._read_at >= READ_EVERY_S:
            self._read_at, self._found = self._clock.monotonic(), Found(msgspec.json.encode(await self._load()))
        return self._found

    async def _load(self) -> ClusterLoad:
        others = await self._peers.numbers()
        sums = dict.fromkeys((_AGENTS, _EVENTS, _HANDLERS, _MEMORY), 0.0)
        for number in chain(self._metrics.numbers(), *others):
            if number.family in sums and number.labels.get("topic") != _HANDLED:
                sums[number.family] += number.value
        return ClusterLoad(
            at=self._clock.now(),
            started_at=self._started_at,
            version=self._version,
            processes=1 + len(others),
            store=self._bounds.store,
            store_bytes=await self._store.size_bytes(),
            agents=int(sums[_AGENTS]),
            events_waiting=int(sums[_EVENTS]),
            handlers_running=int(sums[_HANDLERS]),
            memory_bytes=int(sums[_MEMORY]),
            bounds=await self._bounded(),
        )

    async def _bounded(self) -> Sequence[Bounded]:
        bounds, pending = self._bounds, self._store.deliveries_size()
        results, changes = await self._store.history_size(False), await self._store.history_size(True)
        return (
            Bounded("deliveries", pending.count, bounds.deliveries, ENTRIES),
            Bounded("delivery_bytes", pending.bytes, bounds.delivery_bytes, BYTES),
            Bounded("result_bytes", results.bytes, bounds.result_bytes, BYTES),
            Bounded("change_bytes", changes.bytes, bounds.change_bytes, BYTES),
            Bounded("audit_entries", await self._store.count_audit(), bounds.audit_entries, ENTRIES),
        )
