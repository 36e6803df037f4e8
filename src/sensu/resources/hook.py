"""Hooks: commands that an agent runs after a check, depending on its status."""

from sensu.resources.metadata import ObjectMeta
from sensu.resources.metrics import Number
from sensu.resources.wire import Wire, always, always_bool, always_int, always_null
from sensu.resources.wire_numbers import I32, I64, U32

HookLists = tuple[dict[str, tuple[str, ...] | None], ...]
"""`[{"critical": ["restart"]}, …]`: hook names by check status or severity."""


class HookConfig(Wire, frozen=True):
    """A command to run after a check with a certain status."""

    metadata: ObjectMeta = always(ObjectMeta)
    command: str = ""
    timeout: U32 = always_int()
    stdin: bool = always_bool()
    runtime_assets: tuple[str, ...] | None = always_null()


class Hook(Wire, frozen=True):
    """The result of a hook, as part of an event."""

    metadata: ObjectMeta = always(ObjectMeta)
    command: str = ""
    timeout: U32 = always_int()
    stdin: bool = always_bool()
    runtime_assets: tuple[str, ...] | None = always_null()
    config: HookConfig | None = None
    duration: Number = 0
    executed: I64 = always_int()
    issued: I64 = always_int()
    output: str = ""
    status: I32 = always_int()
