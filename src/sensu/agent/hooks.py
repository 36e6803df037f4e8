"""Hooks: commands that gather more after a check, by the status it ended with.

Source: docs, "Hooks reference"; recorded scenario agent-exec, cases hooks-* and hook-asset.
"""

from collections.abc import Mapping, Sequence

import msgspec

from sensu.execution.command import CommandResult
from sensu.resources.hook import Hook, HookConfig, HookLists
from sensu.resources.metadata import ObjectMeta
from sensu.rules.validity import hook as hook_rules

SYNTHETIC_TIMEOUT_S = 5
SYNTHETIC_STATUS = 2
NOT_RUN_S = 1e-9
"""How long it took not to run a hook: the field would be left out of the event with nothing in it."""
DENIED_STATUS = 3
DENIED_TEXT = "check hook command denied by the agent allow list"

_SEVERITIES = {0: "ok", 1: "warning", 2: "critical"}


def names_for(check_hooks: HookLists | None, status: int) -> list[str]:
    """The names of the hooks to run for a status, in the order of the lists, each once."""
    fitting = {str(status), _SEVERITIES.get(status, "unknown")} | ({"non-zero"} if status else set())
    names = (
        name for group in check_hooks or () for kind, hooks in group.items() if kind in fitting for name in hooks or ()
    )
    return list(dict.fromkeys(names))


def chosen(names: Sequence[str], sent: Sequence[HookConfig] | None) -> list[tuple[str, HookConfig | None]]:
    """The hooks to run with their configurations, None for those that were not sent; nothing where none was sent."""
    known: Mapping[str, HookConfig] = {hook.metadata.name: hook for hook in sent or ()}
    return [(name, known.get(name)) for name in names] if known else []


def missing(name: str, namespace: str) -> tuple[HookConfig, str]:
    """What stands for a hook that does not exist, and what it says."""
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
    """What a hook says that is not valid, or None."""
    why = hook_rules.problem(hook)
    name = hook.metadata.name
    return None if why is None else f'hook {name}: hook "{name}" is invalid: {why}\n'


def token_text(name: str, why: object) -> str:
    """What a hook says whose tokens cannot be replaced."""
    return f'hook {name}: hook "{name}": error doing token substitution: {why}\n'


def stand_in(config: HookConfig, text: str, executed: int) -> Hook:
    """What stands in the event for a hook that cannot be run: it says why."""
    said = CommandResult(SYNTHETIC_STATUS, text.encode(), NOT_RUN_S)
    return result_of(msgspec.structs.replace(config, timeout=SYNTHETIC_TIMEOUT_S), said, executed)


def result_of(config: HookConfig, result: CommandResult, executed: int) -> Hook:
    """The hook as it stands in the event; its command is the configured one."""
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
