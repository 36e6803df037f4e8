"""Runs the checks that the backend asks for and turns them into events.

Concurrency: one run for each check at a time, a request for a check that still runs is dropped; at most `RUNS_MAX`
commands run side by side, further requests wait in the order of their coming, at most `WAITING_MAX` of them,
beyond which they are dropped and counted.
Source: docs, "Checks reference"; recorded scenarios agent-exec*.
"""

import asyncio
import functools
import logging
import os
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Any, Protocol, TypeVar

import msgspec

from sensu.agent import check_event, hooks
from sensu.agent.allow_list import AllowList, AllowListEntry, digest_matches
from sensu.agent.counters import Counters
from sensu.agent.entity import OwnEntity
from sensu.agent.outbox import Outbox
from sensu.agent.settings import AgentSettings
from sensu.clock import Clock
from sensu.errors import ExecutionError, InvalidResource
from sensu.execution.command import OUTPUT_BYTES_MAX, Command, CommandResult, run
from sensu.execution.environment import merged, pairs
from sensu.log import fields
from sensu.resources import wire
from sensu.resources.asset import Asset
from sensu.resources.check import CheckConfig
from sensu.resources.check_request import CheckRequest
from sensu.resources.entity import Entity
from sensu.resources.event import Event
from sensu.resources.hook import Hook, HookConfig
from sensu.rules import tokens
from sensu.rules.metrics.extract import Extraction
from sensu.rules.validity import check_config
from sensu.transport.session import Sequences

log = logging.getLogger("sensu.agent")

RUNS_MAX = 64
WAITING_MAX = 1000
CHECKS_REMEMBERED_MAX = 10_000

TEST_COMMAND = "!sensu_test_check!"
TEST_OUTPUT = b"the agent answers without running a command\n"
"""What load tests ask for, and get at once."""
ASSETS_DISABLED = "check requested assets, but they are disabled on this agent"
DENIED = "check command denied by the agent allow list"

PASSWORD_VARIABLE = "SENSU_PASSWORD"  # noqa: S105 - a name

T = TypeVar("T", bound=wire.Wire)


class Assets(Protocol):
    """Who fetches assets (`execution.assets`)."""

    async def environment(self, assets: Sequence[Asset], entity: Entity) -> list[tuple[str, str]]:
        """The variables of the assets that are for this host, fetched if need be; raises ExecutionError."""
        ...


class _Failure(Exception):
    """A check that cannot be run; its text is the event's output."""


class CheckRuns:
    """Takes check requests and puts events into the outbox."""

    def __init__(
        self,
        settings: AgentSettings,
        entity: OwnEntity,
        outbox: Outbox,
        allow_list: AllowList,
        assets: Assets,
        files: Executor,
        clock: Clock,
        counters: Counters,
    ) -> None:
        self._settings, self._entity, self._outbox = settings, entity, outbox
        self._allow_list, self._assets, self._files = allow_list, assets, files
        self._clock, self._counters = clock, counters
        self._slots = asyncio.Semaphore(RUNS_MAX)
        self._running: dict[str, asyncio.Task[None]] = {}
        self._last_issued: OrderedDict[str, int] = OrderedDict()
        self._is_closed = False

    def accept(self, request: CheckRequest, sequences: Sequences) -> None:
        """Start a check run, unless the request is a repetition or the check runs already."""
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
        """Take no more requests, and return when nothing runs any more, at the latest after a time."""
        self._is_closed = True
        if self._running:
            await asyncio.wait(list(self._running.values()), timeout=bound_s)

    async def stop(self) -> None:
        """End all runs; their commands are killed."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _reason_to_drop(self, key: str, issued: int) -> str | None:
        """Why a request is not run; the time of one that is, or would be, is remembered."""
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
            log.error("check run broke", extra=fields(check=key, error=f"{type(error).__name__}: {error}"))

    async def _run(self, request: CheckRequest, config: CheckConfig, sequences: Sequences) -> None:
        async with self._slots:
            try:
                event = await self._event_of(request, config, sequences)
            except Exception as error:
                log.exception("check run broke", extra=fields(check=config.metadata.name))
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
        entity, now = self._entity.at(self._clock.now()), self._clock.now()
        context = functools.cache(lambda: tokens.entity_context(msgspec.to_builtins(entity)))
        begin = functools.partial(
            check_event.started,
            entity=self._own(),
            issued=request.issued,
            sequence=sequences.next(config.metadata.name),
            now=now,
        )
        try:
            substituted = substitute(config, context)
        except InvalidResource as error:
            event = begin(check_event.check_of(config, config.command))
            return check_event.failed(event, f"error while substituting check tokens: {error}", self._clock.now())
        event = begin(check_event.check_of(substituted, config.command))
        try:
            result = await self._execute(request, substituted, event)
        except _Failure as failure:
            return check_event.failed(event, str(failure), self._clock.now())
        event = check_event.finished(
            event,
            result,
            processed_by=self._settings.name,
            now=self._clock.now(),
            refused=functools.partial(self._metric_lines_refused, config),
        )
        event = await self._with_hooks(event, request, context)
        return check_event.with_output_discarded(event)

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

    async def _execute(self, request: CheckRequest, config: CheckConfig, event: Event) -> CommandResult:
        if config.command == TEST_COMMAND:
            return CommandResult(0, TEST_OUTPUT, 0)
        entry = self._allow_list.entry_for(config.command)
        if self._allow_list and entry is None:
            raise _Failure(DENIED)
        try:
            assets = await self._assets_for(request.assets)
        except ExecutionError as error:
            raise _Failure(f"error getting assets for check: {error}") from error
        env_vars = () if entry is not None and not entry.enable_env else config.env_vars
        environment = merged(_inherited(), assets, pairs(request.secrets), pairs(env_vars))
        if entry is not None and not await self._digest_matches(entry, config.command, environment):
            raise _Failure(DENIED)
        command = Command(
            config.command,
            stdin=wire.encode(event) if config.stdin else b"",
            env=environment,
            timeout_s=config.timeout,
            output_bytes_max=min(config.max_output_size, OUTPUT_BYTES_MAX) or OUTPUT_BYTES_MAX,
        )
        return await self._run_command(command)

    async def _assets_for(self, assets: Sequence[Asset] | None) -> list[tuple[str, str]]:
        """The variables of the assets; their tokens and filters see the entity as it is configured here."""
        if assets and self._settings.disable_assets:
            raise ExecutionError(ASSETS_DISABLED)
        entity = self._entity.as_configured_here(self._clock.now())
        context = functools.cache(lambda: tokens.entity_context(msgspec.to_builtins(entity)))
        substituted = []
        for asset in assets or ():
            try:
                substituted.append(asset_with_tokens(asset, context))
            except InvalidResource as error:
                name = asset.metadata.name
                raise ExecutionError(f'error while substituting asset "{name}" tokens: {error}') from error
        return await self._assets.environment(substituted, entity)

    async def _run_command(self, command: Command) -> CommandResult:
        try:
            return await run(command, self._clock)
        except ExecutionError as error:
            return CommandResult(check_event.FAILURE_STATUS, str(error).encode(), 0)

    async def _digest_matches(self, entry: AllowListEntry, command: str, environment: dict[str, str]) -> bool:
        if not entry.sha512:
            return True
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._files, digest_matches, entry, command, environment)

    async def _with_hooks(self, event: Event, request: CheckRequest, context: Callable[[], dict[str, Any]]) -> Event:
        assert event.check is not None
        done: list[Hook] = []
        for name, config in hooks.chosen(hooks.names_for(event.check.check_hooks, event.check.status), request.hooks):
            executed = int(self._clock.now())
            if config is None:
                config, text = hooks.missing(name, event.check.metadata.namespace)
                result: CommandResult | str = text
            else:
                result = await self._hook_result(config, event, request, context)
            if isinstance(result, str):
                done.append(hooks.stand_in(config, result, executed))
            else:
                done.append(hooks.result_of(config, result, executed))
        if not done:
            return event
        return msgspec.structs.replace(event, check=msgspec.structs.replace(event.check, hooks=tuple(done)))

    async def _hook_result(
        self,
        config: HookConfig,
        event: Event,
        request: CheckRequest,
        context: Callable[[], dict[str, Any]],
    ) -> CommandResult | str:
        """How a hook ended, or what is to be said of one that cannot be run."""
        text = hooks.problem_text(config)
        if text is not None:
            return text
        try:
            substituted = substitute(config, context)
        except InvalidResource as error:
            return hooks.token_text(config.metadata.name, error)
        denied = CommandResult(hooks.DENIED_STATUS, hooks.DENIED_TEXT.encode(), 0)
        entry = self._allow_list.entry_for(substituted.command)
        if self._allow_list and entry is None:
            return denied
        sent = (request.hook_assets or {}).get(config.metadata.name)
        try:
            assets = await self._assets_for(sent.assets if sent is not None else None)
        except ExecutionError as error:
            log.warning("no assets for hook", extra=fields(hook=config.metadata.name, error=str(error)))
            return denied
        environment = merged(_inherited(), assets)
        if entry is not None and not await self._digest_matches(entry, substituted.command, environment):
            return denied
        stdin = wire.encode(event) if config.stdin else b""
        return await self._run_command(
            Command(substituted.command, stdin=stdin, env=environment, timeout_s=config.timeout)
        )

    def _own(self) -> Entity:
        return self._entity.redacted_at(self._clock.now())


def _inherited() -> dict[str, str]:
    """The environment of the agent, without the password that it logs in with."""
    return {name: value for name, value in os.environ.items() if name != PASSWORD_VARIABLE}


def asset_with_tokens(asset: Asset, context: Callable[[], dict[str, Any]]) -> Asset:
    """The asset with its tokens replaced; its checksums are no templates: they must not depend on an entity."""
    builds, put = asset.builds or (), msgspec.structs.replace
    bare = put(asset, sha512="", builds=asset.builds and tuple(put(build, sha512="") for build in builds))
    done = substitute(bare, context)
    checked = tuple(put(new, sha512=build.sha512) for new, build in zip(done.builds or (), builds, strict=True))
    return put(done, sha512=asset.sha512, builds=done.builds and checked)


def substitute(resource: T, context: Callable[[], dict[str, Any]]) -> T:
    """The resource with every token in its texts replaced; raises InvalidResource.

    Most hold none, and are not looked into.
    """
    data = wire.encode(resource)
    if b"{{" not in data and b"<no value>" not in data:
        return resource
    changed = tokens.substitute(msgspec.json.decode(data), context())
    return wire.convert_client(type(resource), changed)
