"""Runs the checks that the backend requests and turns the results into events.

Concurrency: each check runs at most once at a time; a request for a check that is still running is dropped. At most
`RUNS_MAX` checks run at the same time. Up to `WAITING_MAX` more requests wait in the order of arrival; requests beyond
that are dropped and counted.
Source: docs, "Checks reference"; recorded scenarios agent-exec*.
"""

import asyncio
import functools
import logging
from collections import OrderedDict

from sensu.agent import check_event, hooks
from sensu.agent.counters import AgentCounters
from sensu.agent.entity import OwnEntity
from sensu.agent.outbox import Outbox
from sensu.agent.runner import ASSETS_DISABLED, Job, NotRun, Runner, RunStep, token_context, with_tokens
from sensu.agent.settings import AgentSettings
from sensu.clock import Clock
from sensu.execution.command import OUTPUT_BYTES_MAX, CommandResult
from sensu.log import fields
from sensu.resources import wire
from sensu.resources.check import CheckConfig
from sensu.resources.check_request import CheckRequest
from sensu.resources.entity import Entity
from sensu.resources.event import Event
from sensu.rules.kinds import check_config
from sensu.rules.metrics.extract import Extraction
from sensu.transport.session import Sequences

log = logging.getLogger("sensu.agent")

RUNS_MAX = 64
WAITING_MAX = 1000
CHECKS_REMEMBERED_MAX = 10_000

TEST_COMMAND = "!sensu_test_check!"
"""The command of load tests: the agent reports success without running anything."""
TEST_OUTPUT = b"the agent answers without running a command\n"
NO_PRIVILEGES = ('"no new privileges" flag', "effective uid is not 0")
"""What sudo says in a service that must not get privileges."""
DENIED = "check command denied by the agent allow list"


class CheckRuns:
    """Accepts check requests, runs the checks and puts the events into the outbox."""

    def __init__(
        self,
        settings: AgentSettings,
        entity: OwnEntity,
        outbox: Outbox,
        runner: Runner,
        clock: Clock,
        counters: AgentCounters,
    ) -> None:
        self._settings, self._entity, self._outbox, self._runner = settings, entity, outbox, runner
        self._clock, self._counters = clock, counters
        self._slots = asyncio.Semaphore(RUNS_MAX)
        self._running: dict[str, asyncio.Task[None]] = {}
        self._last_issued: OrderedDict[str, int] = OrderedDict()
        self._is_closed = False

    def accept(self, request: CheckRequest, sequences: Sequences) -> None:
        """Start a check run, unless the request is repeated or the check is still running."""
        config = request.config
        if config is None:
            self._drop("invalid", "")
            return
        key = f"{config.metadata.name}/{config.proxy_entity_name}".removesuffix("/")
        why = self._reason_to_drop(key, request.issued)
        if why is not None:
            self._drop(why, key)
            return
        log.info(
            "scheduling check execution", extra=fields(check=config.metadata.name, assets=len(request.assets or ()))
        )
        task = asyncio.create_task(self._run(request, config, sequences), name=f"check {key}")
        self._running[key] = task
        task.add_done_callback(functools.partial(self._ended, key))

    async def finish(self, bound_s: float) -> None:
        """Accept no more requests, and wait up to `bound_s` seconds for running checks."""
        self._is_closed = True
        if self._running:
            await asyncio.wait(list(self._running.values()), timeout=bound_s)

    async def stop(self) -> None:
        """Cancel all runs and kill their commands."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _reason_to_drop(self, key: str, issued: int) -> str | None:
        """Why a request is not run, or None; remembers its issue time unless it is repeated or outdated."""
        if self._is_closed:
            return "the agent is stopping"
        last = self._last_issued.get(key, 0)
        if issued <= last:
            return "already received" if issued == last else "older than the last one"
        self._last_issued[key] = issued
        self._last_issued.move_to_end(key)
        if len(self._last_issued) > CHECKS_REMEMBERED_MAX:
            self._last_issued.popitem(last=False)
        if key in self._running:
            return "still running"
        return "too many waiting" if len(self._running) >= RUNS_MAX + WAITING_MAX else None

    def _drop(self, why: str, key: str) -> None:
        self._counters.request_dropped(why)
        log.warning("check request dropped", extra=fields(check=key, reason=why))

    def _ended(self, key: str, task: asyncio.Task[None]) -> None:
        self._running.pop(key, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("check run failed", extra=fields(check=key, error=f"{type(error).__name__}: {error}"))

    async def _run(self, request: CheckRequest, config: CheckConfig, sequences: Sequences) -> None:
        async with self._slots:
            try:
                event = await self._event_of(request, config, sequences)
            except Exception as error:
                log.exception("check run failed", extra=fields(check=config.metadata.name))
                why = f"internal error: {type(error).__name__}"
                event = check_event.refused(
                    check_event.check_of(config, config.command), self._own(), why, self._clock.now()
                )
        self._outbox.offer(event)

    async def _event_of(self, request: CheckRequest, config: CheckConfig, sequences: Sequences) -> Event:
        why = self._refusal(request, config)
        if why is not None:
            check = check_event.check_of(config, config.command)
            return check_event.refused(check, self._own(), why, self._clock.now())
        now = self._clock.now()
        context = token_context(self._entity.at(now))
        begin = functools.partial(
            check_event.started,
            entity=self._own(),
            issued=request.issued,
            sequence=sequences.next(config.metadata.name),
            now=now,
        )
        substituted = with_tokens(config, context)
        if isinstance(substituted, NotRun):
            event = begin(check_event.check_of(config, config.command))
            return check_event.failed(event, _output_of(substituted), self._clock.now())
        event = begin(check_event.check_of(substituted, config.command))
        result = await self._run_command(request, substituted, event)
        if isinstance(result, NotRun):
            return check_event.failed(event, _output_of(result), self._clock.now())
        if result.status and any(words in result.text for words in NO_PRIVILEGES):
            self._counters.privileges_refused(config.metadata.name)
        event = check_event.finished(
            event,
            result,
            processed_by=self._settings.name,
            now=self._clock.now(),
            refused=functools.partial(self._metric_lines_refused, config),
        )
        done = await hooks.run(self._runner, event, request, context, self._clock)
        return check_event.with_output_discarded(check_event.with_hooks(event, done))

    async def _run_command(self, request: CheckRequest, config: CheckConfig, event: Event) -> CommandResult | NotRun:
        if config.command == TEST_COMMAND:
            return CommandResult(0, TEST_OUTPUT, 0)
        return await self._runner.run(
            Job(
                config.command,
                timeout_s=config.timeout,
                stdin=wire.encode(event) if config.stdin else b"",
                assets=request.assets,
                secrets=request.secrets,
                env_vars=config.env_vars,
                output_bytes_max=min(config.max_output_size, OUTPUT_BYTES_MAX) or OUTPUT_BYTES_MAX,
            )
        )

    def _metric_lines_refused(self, config: CheckConfig, extraction: Extraction) -> None:
        self._counters.metric_lines_refused(config.output_metric_format, extraction.refused)
        log.debug(
            "lines of check output are not in the metric format",
            extra=fields(
                check=config.metadata.name,
                format=config.output_metric_format,
                lines=extraction.refused,
                first="; ".join(f"line {one.line}: {one.why}" for one in extraction.reasons),
            ),
        )

    def _refusal(self, request: CheckRequest, config: CheckConfig) -> str | None:
        if request.assets and self._settings.disable_assets:
            return ASSETS_DISABLED
        why = check_config.problem(config)
        return None if why is None else f"given check is invalid: {why}"

    def _own(self) -> Entity:
        return self._entity.redacted_at(self._clock.now())


def _output_of(failure: NotRun) -> str:
    """The output of the event of a check that was not run."""
    match failure.step:
        case RunStep.TOKENS:
            return f"error while substituting check tokens: {failure.error}"
        case RunStep.ASSETS:
            return f"error getting assets for check: {failure.error}"
        case RunStep.ALLOW_LIST:
            return DENIED
