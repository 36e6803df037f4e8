"""Runs a command of a check or a hook: tokens, allow list, assets, environment, process.

Source: docs, "Checks reference", "Hooks reference"; recorded scenarios agent-exec*.
"""

import asyncio
import functools
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol, TypeVar

import msgspec

from sensu.agent import check_event
from sensu.agent.allow_list import AllowList, AllowListEntry, digest_matches
from sensu.agent.entity import OwnEntity
from sensu.clock import Clock
from sensu.errors import ExecutionError, InvalidResource
from sensu.execution.command import OUTPUT_BYTES_MAX, Command, CommandResult, run
from sensu.execution.environment import merged, pairs
from sensu.resources import wire
from sensu.resources.asset import Asset
from sensu.resources.entity import Entity
from sensu.rules import tokens

ASSETS_DISABLED = "check requested assets, but they are disabled on this agent"
PASSWORD_VARIABLE = "SENSU_PASSWORD"  # noqa: S105 - a name

T = TypeVar("T", bound=wire.Wire)
TokenContext = Callable[[], dict[str, Any]]
"""Returns the values that tokens refer to; called only for resources that contain tokens."""


class Assets(Protocol):
    """Downloads and caches assets (`execution.assets`)."""

    async def environment(self, assets: Sequence[Asset], entity: Entity) -> list[tuple[str, str]]:
        """The variables of the assets that match this host, downloaded if necessary; raises ExecutionError."""
        ...


class RunStep(Enum):
    """A step at which a command can fail before it starts."""

    TOKENS = "tokens"
    ALLOW_LIST = "allow list"
    ASSETS = "assets"


@dataclass(frozen=True, slots=True)
class NotRun:
    """A command that was not started: the step that failed, and the error, empty for the allow list."""

    step: RunStep
    error: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """A command to run, its tokens already replaced.

    `env_vars` and `secrets` are `NAME=value` assignments; the allow list can turn off `env_vars`.
    """

    command: str
    timeout_s: float
    stdin: bytes = b""
    assets: Sequence[Asset] | None = None
    secrets: Iterable[str] | None = None
    env_vars: Iterable[str] | None = None
    output_bytes_max: int = OUTPUT_BYTES_MAX


class Runner:
    """Runs the commands of checks and hooks under the same rules."""

    def __init__(
        self,
        entity: OwnEntity,
        allow_list: AllowList,
        assets: Assets,
        files: Executor,
        clock: Clock,
        *,
        disable_assets: bool,
    ) -> None:
        """`files` runs blocking reads of programs whose digest is checked."""
        self._entity, self._allow_list, self._assets = entity, allow_list, assets
        self._files, self._clock, self._disable_assets = files, clock, disable_assets

    async def run(self, job: Job) -> CommandResult | NotRun:
        """The result of a command, or why it was not started. A command that cannot be started has a result, too."""
        entry = self._allow_list.entry_for(job.command)
        if self._allow_list and entry is None:
            return NotRun(RunStep.ALLOW_LIST)
        try:
            assets = await self._asset_variables(job.assets or ())
        except ExecutionError as error:
            return NotRun(RunStep.ASSETS, str(error))
        env_vars = () if entry is not None and not entry.enable_env else job.env_vars
        environment = merged(_inherited(), assets, pairs(job.secrets), pairs(env_vars))
        if entry is not None and not await self._digest_matches(entry, job.command, environment):
            return NotRun(RunStep.ALLOW_LIST)
        command = Command(
            job.command,
            stdin=job.stdin,
            env=environment,
            timeout_s=job.timeout_s,
            output_bytes_max=job.output_bytes_max,
        )
        try:
            return await run(command, self._clock)
        except ExecutionError as error:
            return CommandResult(check_event.FAILURE_STATUS, str(error).encode(), 0)

    async def _asset_variables(self, assets: Sequence[Asset]) -> list[tuple[str, str]]:
        """The variables of the assets; their tokens and filters use the entity as this agent configures it."""
        if assets and self._disable_assets:
            raise ExecutionError(ASSETS_DISABLED)
        entity = self._entity.as_configured_here(self._clock.now())
        context = token_context(entity)
        substituted = []
        for asset in assets:
            try:
                substituted.append(asset_with_tokens(asset, context))
            except InvalidResource as error:
                name = asset.metadata.name
                raise ExecutionError(f'error while substituting asset "{name}" tokens: {error}') from error
        return await self._assets.environment(substituted, entity)

    async def _digest_matches(self, entry: AllowListEntry, command: str, environment: dict[str, str]) -> bool:
        if not entry.sha512:
            return True
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._files, digest_matches, entry, command, environment)


def _inherited() -> dict[str, str]:
    """The environment of the agent, without the password that it logs in with."""
    return {name: value for name, value in os.environ.items() if name != PASSWORD_VARIABLE}


def token_context(entity: Entity) -> TokenContext:
    """The values of an entity for tokens, computed at most once."""
    return functools.cache(lambda: tokens.entity_context(msgspec.to_builtins(entity)))


def with_tokens(resource: T, context: TokenContext) -> T | NotRun:
    """The resource with the tokens in all of its strings replaced, or why they cannot be."""
    try:
        return _substituted(resource, context)
    except InvalidResource as error:
        return NotRun(RunStep.TOKENS, str(error))


def asset_with_tokens(asset: Asset, context: TokenContext) -> Asset:
    """The asset with its tokens replaced, except in its checksums: they must not depend on an entity.

    Raises InvalidResource.
    """
    builds, put = asset.builds or (), msgspec.structs.replace
    bare = put(asset, sha512="", builds=asset.builds and tuple(put(build, sha512="") for build in builds))
    done = _substituted(bare, context)
    checked = tuple(put(new, sha512=build.sha512) for new, build in zip(done.builds or (), builds, strict=True))
    return put(done, sha512=asset.sha512, builds=done.builds and checked)


def _substituted(resource: T, context: TokenContext) -> T:
    """The resource with its tokens replaced; raises InvalidResource. Most resources contain none."""
    data = wire.encode(resource)
    if b"{{" not in data and b"<no value>" not in data:
        return resource
    changed = tokens.substitute(msgspec.json.decode(data), context())
    return wire.convert_client(type(resource), changed)
