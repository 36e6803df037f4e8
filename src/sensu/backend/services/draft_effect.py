"""What a check would do once it is saved: how often it runs, on how many agents, and who receives its events."""

from collections.abc import Iterator, Sequence

import msgspec

from sensu.backend.ports import Subscribers
from sensu.clock import Clock
from sensu.resources.check import CheckConfig
from sensu.resources.kinds import PIPELINE
from sensu.resources.pipeline import Pipeline
from sensu.resources.wire import decode
from sensu.rules.cron_words import schedule_words
from sensu.rules.kinds.kind_rules import FieldProblem
from sensu.rules.run_ledger import next_runs
from sensu.rules.schedule import timing
from sensu.store.resource_cache import ResourceCache
from sensu.store.values import Stored

NEXT_RUNS = 5
_MEASURED_RUNS = 20
"""The number of runs of a cron schedule from which its rate is measured."""


class CheckEffect(msgspec.Struct, frozen=True):
    """The effect of a check: the connected agents that run it, and the number of runs per second on all of them.

    `runs_per_s` is null if the number is not known in advance, because the check runs for each matching entity; so is
    `runs_per_s_before`, that of the stored check. `schedule` is the schedule in words, `next` the times of the next
    runs in Unix seconds, also if the check is not published. `handlers` receive its events, directly or in pipelines.
    """

    agents: int
    runs_per_s: float | None
    runs_per_s_before: float | None
    schedule: str
    next: Sequence[float]
    handlers: Sequence[str]


class Effects:
    """Computes the effects of checks."""

    def __init__(self, records: ResourceCache, subscribers: Subscribers, clock: Clock) -> None:
        self._records, self._subscribers, self._clock = records, subscribers, clock

    def of(self, check: CheckConfig, stored: Stored | None) -> CheckEffect:
        """The effect of a check that replaces the stored one."""
        before = None if stored is None else decode(CheckConfig, stored.body)
        return CheckEffect(
            agents=len(self._agents(check)),
            runs_per_s=self._runs_per_s(check),
            runs_per_s_before=0.0 if before is None else self._runs_per_s(before),
            schedule=schedule_words(check),
            next=self._next(check, NEXT_RUNS),
            handlers=list(dict.fromkeys(self._handlers(check))),
        )

    def warnings(self, check: CheckConfig, effect: CheckEffect) -> Iterator[FieldProblem]:
        """What is probably not meant."""
        if not check.subscriptions:
            yield FieldProblem("subscriptions", "without a subscription, no agent runs the check")
        elif not effect.agents:
            yield FieldProblem("subscriptions", "no connected agent has any of these subscriptions")
        if not check.publish:
            yield FieldProblem("publish", "the check is not scheduled: it runs only on request")
        elif not effect.next and (check.cron or check.interval):
            yield FieldProblem("cron", "the schedule is never due")
        if not check.handlers and not check.pipelines and not check.fallback_pipeline:
            yield FieldProblem("handlers", "nobody is notified: the check has no handler and no pipeline")
        if check.ttl and check.timeout and check.ttl <= check.interval + check.timeout:
            yield FieldProblem("ttl", "a run that takes its whole timeout exceeds the TTL")

    def _agents(self, check: CheckConfig) -> set[str]:
        namespace = check.metadata.namespace
        found: set[str] = set()
        for subscription in check.subscriptions:
            found.update(self._subscribers.agents(namespace, subscription))
        return found

    def _runs_per_s(self, check: CheckConfig) -> float | None:
        if check.proxy_requests is not None:
            return None
        when = timing(check)
        if when is None:
            return 0.0
        namespace, runs = check.metadata.namespace, len(self._agents(check))
        if check.round_robin:
            subscriptions = dict.fromkeys(check.subscriptions)
            runs = sum(1 for one in subscriptions if self._subscribers.sessions(namespace, one))
        if not when.cron:
            return runs / when.interval_s
        due = self._next(check, _MEASURED_RUNS)
        return runs * (len(due) - 1) / (due[-1] - due[0]) if len(due) > 1 else 0.0

    def _next(self, check: CheckConfig, count: int) -> list[float]:
        published = msgspec.structs.replace(check, publish=True)
        when = timing(published)
        return [] if when is None else [at for at, _ in next_runs(published, when, self._clock.now(), count)]

    def _handlers(self, check: CheckConfig) -> Iterator[str]:
        yield from check.handlers
        for reference in check.pipelines:
            pipeline: Pipeline | None = self._records.get(PIPELINE, check.metadata.namespace, reference.name)
            for workflow in (pipeline.workflows or ()) if pipeline is not None else ():
                if workflow.handler is not None:
                    yield workflow.handler.name
