"""Tells what went through workflows in the last hour: how many events each step let pass, and how handlers did."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import aclosing

import msgspec

from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import Identity
from sensu.backend.auth.records import Records
from sensu.backend.ports import DaemonPorts, Peers
from sensu.backend.services.counting_share import CountedNotLongAgo
from sensu.backend.services.deliveries import RESOURCE, Deliveries
from sensu.backend.services.outcomes import Denied, Found, NotFound, Refusal
from sensu.clock import Clock
from sensu.resources.kinds import HANDLER, PIPELINE, Kind
from sensu.rules.flow import FlowCounts, added, quantile_s
from sensu.rules.owed import DEAD
from sensu.rules.workflow import WorkflowName, of_pipeline_alone, workflow_named
from sensu.store.contract import Store
from sensu.store.values import CountedDeliveries

READING_S = 0.2
"""For how long deliveries are read to count those of each workflow."""


class FilterFlow(msgspec.Struct, frozen=True):
    """A filter of a workflow: events that passed or were kept back; `errors` of them had an expression that failed."""

    name: str
    passed: int
    kept_back: int
    errors: int


class MutatorFlow(msgspec.Struct, frozen=True):
    """The mutator of a workflow: how often it did well or failed."""

    well: int
    failed: int


class LastError(msgspec.Struct, frozen=True):
    """The last failure of a workflow, in Unix seconds."""

    at: float
    text: str


class WorkflowFlow(msgspec.Struct, frozen=True):
    """What went through a workflow.

    `pipeline` is empty for a handler that checks name themselves; then `workflow` is empty too. With `fallback`, the
    events are those that the workflow gave up. `in` counts events; `delivered` and `failed` count attempts. `waiting`
    and `dead` count the deliveries there are now. `median_s` and `p95_s` are how long the handler took.
    """

    pipeline: str
    workflow: str
    handler: str
    fallback: bool
    entered: int = msgspec.field(name="in")
    filters: Sequence[FilterFlow]
    mutator: MutatorFlow
    delivered: int
    failed: int
    waiting: int
    dead: int
    median_s: float
    p95_s: float
    last_error: LastError | None


class FlowAnswer(msgspec.Struct, frozen=True):
    """What went through workflows in the last `window_s` seconds, by pipeline, workflow and handler.

    Counts begin when the backend starts. If there are too many deliveries to count `waiting` and `dead` in time, the
    answer is not `complete`. `hidden` names what the caller may not list, and what is therefore left out.
    """

    at: float
    window_s: int
    complete: bool
    hidden: Sequence[str]
    workflows: Sequence[WorkflowFlow]


class _Pending(msgspec.Struct, frozen=True):
    """The numbers of deliveries by workflow and state, the handlers of the workflows, and whether all were counted."""

    numbers: Counter[tuple[str, str]]
    handlers: dict[str, str]
    complete: bool


_NOTHING_PENDING = _Pending(Counter(), {}, True)


class Flows:
    """Answers what went through workflows, to callers who may read their pipelines and handlers."""

    def __init__(
        self,
        store: Store,
        access: Access,
        records: Records,
        deliveries: Deliveries,
        ports: DaemonPorts,
        peers: Peers,
        clock: Clock,
    ) -> None:
        self._store, self._access, self._records, self._deliveries = store, access, records, deliveries
        self._ports, self._peers, self._clock = ports, peers, clock
        self._counted: CountedNotLongAgo[_Pending] = CountedNotLongAgo(clock)

    async def of_namespace(self, caller: Identity, namespace: str, minutes: int) -> Found | Refusal:
        """The workflows of a namespace, as JSON of `FlowAnswer`."""
        may = {kind: self._allows(caller, "list", kind, namespace) for kind in (PIPELINE, HANDLER)}
        if not any(may.values()):
            return Denied()
        hidden = [kind.segment for kind, allowed in may.items() if not allowed]
        return await self._answer(
            caller, namespace, minutes, hidden, lambda name, handler: may[PIPELINE if name.pipeline else HANDLER]
        )

    async def of_pipeline(self, caller: Identity, namespace: str, name: str, minutes: int) -> Found | Refusal:
        """The workflows of a pipeline, as JSON of `FlowAnswer`."""
        return self._problem(caller, PIPELINE, namespace, name) or await self._answer(
            caller, namespace, minutes, [], lambda workflow, handler: workflow.pipeline == name
        )

    async def of_handler(self, caller: Identity, namespace: str, name: str, minutes: int) -> Found | Refusal:
        """The workflows that lead to a handler, as JSON of `FlowAnswer`; pipelines need their own right."""
        may = self._allows(caller, "list", PIPELINE, namespace)
        return self._problem(caller, HANDLER, namespace, name) or await self._answer(
            caller,
            namespace,
            minutes,
            [] if may else [PIPELINE.segment],
            lambda workflow, handler: handler == name and (may or not workflow.pipeline),
        )

    def _problem(self, caller: Identity, kind: Kind, namespace: str, name: str) -> Denied | NotFound | None:
        if not self._access.allows(caller, "get", kind.segment, name=name, namespace=namespace):
            return Denied()
        return None if self._records.get(kind, namespace, name) is not None else NotFound()

    def _allows(self, caller: Identity, verb: str, kind: Kind, namespace: str) -> bool:
        return self._access.allows(caller, verb, kind.segment, namespace=namespace)

    async def _answer(
        self,
        caller: Identity,
        namespace: str,
        minutes: int,
        hidden: Sequence[str],
        shown: Callable[[WorkflowName, str], bool],
    ) -> Found:
        counted = [*self._ports.flow(namespace, minutes), *await self._peers.flow(namespace, minutes)]
        counts = added(msgspec.structs.replace(each, workflow=of_pipeline_alone(each.workflow)) for each in counted)
        pending = _NOTHING_PENDING
        if self._access.allows(caller, "list", RESOURCE, namespace=namespace):
            pending = await self._pending(namespace)
        else:
            hidden = [*hidden, RESOURCE]
        for workflow, handler in pending.handlers.items():
            counts.setdefault(workflow, FlowCounts(workflow, handler))
        named = [(workflow_named(each.workflow), each) for each in counts.values()]
        rows = [_row(name, each, pending) for name, each in named if shown(name, each.handler)]
        rows.sort(key=lambda row: (row.pipeline, row.workflow, row.handler, row.fallback))
        answer = FlowAnswer(self._clock.now(), minutes * 60, pending.complete, hidden, rows)
        return Found(msgspec.json.encode(answer))

    async def _pending(self, namespace: str) -> _Pending:
        """The deliveries of a namespace by workflow, counted now or not long ago."""
        numbers = (await self._store.delivery_counts(namespace)).get(namespace, CountedDeliveries())
        if not numbers.owed and not numbers.dead:
            return _NOTHING_PENDING
        return await self._counted.numbers(
            namespace, self._store.feed.revision, lambda: self._count(namespace), (numbers.owed, numbers.dead)
        )

    async def _count(self, namespace: str) -> _Pending:
        numbers: Counter[tuple[str, str]] = Counter()
        handlers: dict[str, str] = {}
        until = self._clock.monotonic() + READING_S
        async with aclosing(self._deliveries.views(namespace, "")) as parts:
            async for views in parts:
                for view in views:
                    named = [(of_pipeline_alone(each.workflow), each.handler) for each in view.workflows]
                    numbers.update((name, view.state) for name, _ in named)
                    handlers.update(named)
                if self._clock.monotonic() >= until:
                    return _Pending(numbers, handlers, False)
        return _Pending(numbers, handlers, True)


def _row(name: WorkflowName, counts: FlowCounts, pending: _Pending) -> WorkflowFlow:
    dead = pending.numbers[counts.workflow, DEAD]
    waiting = sum(number for (workflow, _), number in pending.numbers.items() if workflow == counts.workflow) - dead
    return WorkflowFlow(
        pipeline=name.pipeline,
        workflow=name.workflow,
        handler=counts.handler,
        fallback=name.fallback,
        entered=counts.entered,
        filters=[
            FilterFlow(each, number.passed, number.kept_back, number.errors) for each, number in counts.filters.items()
        ],
        mutator=MutatorFlow(counts.mutated, counts.not_mutated),
        delivered=counts.delivered,
        failed=counts.failed,
        waiting=waiting,
        dead=dead,
        median_s=quantile_s(counts.took, 0.5),
        p95_s=quantile_s(counts.took, 0.95),
        last_error=LastError(counts.error_at, counts.error) if counts.error else None,
    )
