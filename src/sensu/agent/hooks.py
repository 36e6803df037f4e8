"""Runs hooks: commands that collect more information after a check, selected by the status of the check.

Source: docs, "Hooks reference"; recorded scenario agent-exec, cases hooks-* and hook-asset.
"""

import logging
from collections.abc import Mapping, Sequence

import msgspec

from sensu.agent.runner import Job, NotRun, Runner, RunStep, TokenContext, with_tokens
from sensu.clock import Clock
from sensu.execution.command import CommandResult
from sensu.log import fields
from sensu.resources import wire
from sensu.resources.check_request import CheckRequest
from sensu.resources.event import Event
from sensu.resources.hook import Hook, HookConfig, HookLists
from sensu.resources.metadata import ObjectMeta
from sensu.rules.kinds import hook as hook_rules

log = logging.getLogger("sensu.agent")

SYNTHETIC_TIMEOUT_S = 5
SYNTHETIC_STATUS = 2
NOT_RUN_S = 1e-9
"""The duration of a hook that was not run: a duration of 0 would be left out of the event."""
DENIED_STATUS = 3
DENIED_TEXT = "check hook command denied by the agent allow list"

_SEVERITIES = {0: "ok", 1: "warning", 2: "critical"}


async def run(
    runner: Runner, event: Event, request: CheckRequest, context: TokenContext, clock: Clock
) -> tuple[Hook, ...]:
    """Run the hooks of a check that has finished, one after the other."""
    assert event.check is not None
    done: list[Hook] = []
    for name, config in chosen(names_for(event.check.check_hooks, event.check.status), request.hooks):
        executed = int(clock.now())
        if config is None:
            config, text = missing(name, event.check.metadata.namespace)
            done.append(not_run(config, text, executed))
            continue
        result = await _result(runner, config, event, request, context)
        if isinstance(result, str):
            done.append(not_run(config, result, executed))
        else:
            done.append(result_of(config, result, executed))
    return tuple(done)


async def _result(
    runner: Runner, config: HookConfig, event: Event, request: CheckRequest, context: TokenContext
) -> CommandResult | str:
    """The result of a hook, or the output that explains why it cannot be run."""
    name = config.metadata.name
    text = problem_text(config)
    if text is not None:
        return text
    substituted = with_tokens(config, context)
    if isinstance(substituted, NotRun):
        return token_text(name, substituted.error)
    assets = (request.hook_assets or {}).get(name)
    result = await runner.run(
        Job(
            substituted.command,
            timeout_s=config.timeout,
            stdin=wire.encode(event) if config.stdin else b"",
            assets=assets.assets if assets is not None else None,
        )
    )
    if not isinstance(result, NotRun):
        return result
    if result.step is RunStep.ASSETS:
        log.warning("no assets for hook", extra=fields(hook=name, error=result.error))
    return CommandResult(DENIED_STATUS, DENIED_TEXT.encode(), 0)


def names_for(check_hooks: HookLists | None, status: int) -> list[str]:
    """The names of the hooks to run for a status, in the order of the lists, each once."""
    fitting = {str(status), _SEVERITIES.get(status, "unknown")} | ({"non-zero"} if status else set())
    names = (
        name for group in check_hooks or () for kind, hooks in group.items() if kind in fitting for name in hooks or ()
    )
    return list(dict.fromkeys(names))


def chosen(names: Sequence[str], sent: Sequence[HookConfig] | None) -> list[tuple[str, HookConfig | None]]:
    """The hooks to run with their configurations, None for those that were not sent; empty if no hooks were sent."""
    known: Mapping[str, HookConfig] = {hook.metadata.name: hook for hook in sent or ()}
    return [(name, known.get(name)) for name in names] if known else []


def missing(name: str, namespace: str) -> tuple[HookConfig, str]:
    """The configuration and the output of the placeholder for a hook that does not exist."""
    why = f"hook {name}: missing hook config"
    return (
        HookConfig(
            metadata=ObjectMeta(name=name, namespace=namespace),
            command=f"echo '{why}'; exit {SYNTHETIC_STATUS}",
            timeout=SYNTHETIC_TIMEOUT_S,
        ),
        f"{why}\n",
    )


def problem_text(hook: HookConfig) -> str | None:
    """The output of a hook that is not valid, or None if it is valid."""
    why = hook_rules.problem(hook)
    name = hook.metadata.name
    return None if why is None else f'hook {name}: hook "{name}" is invalid: {why}\n'


def token_text(name: str, why: object) -> str:
    """The output of a hook whose tokens cannot be replaced."""
    return f'hook {name}: hook "{name}": error doing token substitution: {why}\n'


def not_run(config: HookConfig, text: str, executed: int) -> Hook:
    """The event's record of a hook that was not run; `text` explains why."""
    result = CommandResult(SYNTHETIC_STATUS, text.encode(), NOT_RUN_S)
    return result_of(msgspec.structs.replace(config, timeout=SYNTHETIC_TIMEOUT_S), result, executed)


def result_of(config: HookConfig, result: CommandResult, executed: int) -> Hook:
    """The event's record of a hook; its command is the configured one, without tokens replaced."""
    return Hook(
        metadata=config.metadata,
        command=config.command,
        timeout=config.timeout,
        stdin=config.stdin,
        runtime_assets=config.runtime_assets,
        duration=result.duration_s,
        executed=executed,
        output=result.text,
        status=result.status,
    )
