"""Applies mutators, which turn an event into the payload of a handler."""

import msgspec

from sensu.backend.own_secrets import command_environment
from sensu.backend.pipelined.steps.commands import COMMAND_TIME_LIMIT_S, TIMED_OUT, hidden_values, revealed
from sensu.backend.pipelined.steps.filters import EventSubject
from sensu.backend.pipelined.steps.outcome import Dropped, Retry
from sensu.backend.pipelined.steps.runtime_assets import Records, RuntimeAssets
from sensu.backend.secrets.provider import NoSecret
from sensu.backend.secrets.resolver import Secrets
from sensu.backend.services.key_locks import KeyLocks
from sensu.clock import Clock
from sensu.errors import ExecutionError, InvalidResource
from sensu.execution.command import Command, run
from sensu.execution.environment import merged, pairs
from sensu.execution.javascript_pool import JavaScriptPool
from sensu.resources.event import Event
from sensu.resources.kinds import MUTATOR
from sensu.resources.mutator import Mutator
from sensu.resources.wire import decode, encode
from sensu.rules.command_output import failure
from sensu.rules.filters import ExpressionError
from sensu.rules.mutator_event import BUILT_IN
from sensu.store.values import Key

JAVASCRIPT = "javascript"
SCRIPT_TIME_LIMIT_S = 1.0
"""The time limit of a JavaScript mutator without a timeout of its own, by the wall clock."""
BUILT_IN_MUTATORS = ("", *BUILT_IN)


class Mutators:
    """Turns events into payloads."""

    def __init__(
        self, records: Records, scripts: JavaScriptPool, assets: RuntimeAssets, secrets: Secrets, clock: Clock
    ) -> None:
        """`scripts` runs JavaScript in processes of its own, so that a script that never ends delays only scripts."""
        self._records, self._scripts, self._clock = records, scripts, clock
        self._assets, self._secrets = assets, secrets
        self._locks = KeyLocks()

    async def payload(self, namespace: str, name: str, subject: EventSubject) -> bytes | Dropped | Retry:
        """The payload for the handler: the event's JSON without a mutator and for `json`.

        Source: docs "Mutator reference"; recorded scenarios mutator-*.
        """
        if name in ("", "json"):
            return subject.json
        if name == "only_check_output":
            check = subject.value.get("check")
            return Dropped("only_check_output: the event has no check") if check is None else check["output"].encode()
        mutator: Mutator | None = self._records.get(MUTATOR, namespace, name)
        if mutator is None:
            return Dropped(f"mutator {name} does not exist")
        if mutator.type == JAVASCRIPT:
            return await self._javascript(namespace, mutator, subject)
        return await self._pipe(namespace, mutator, subject)

    async def _pipe(self, namespace: str, mutator: Mutator, subject: EventSubject) -> bytes | Retry:
        secrets = await self._secrets.variables(namespace, mutator.secrets)
        if isinstance(secrets, NoSecret):
            return Retry(f"mutator {mutator.metadata.name}: {secrets.why}")
        variables = await self._assets.variables(namespace, mutator.runtime_assets)
        env = merged(command_environment(), variables, revealed(secrets), pairs(mutator.env_vars))
        timeout_s = mutator.timeout or COMMAND_TIME_LIMIT_S
        command = Command(mutator.command, stdin=subject.json, env=env, timeout_s=timeout_s)
        try:
            result = await run(command, self._clock)
        except ExecutionError as err:
            return Retry(f"mutator {mutator.metadata.name}: {err}")
        if result.timed_out or result.status != 0:
            what = f"timed out after {timeout_s} s" if result.timed_out else f"exit status {result.status}"
            hidden = hidden_values(secrets, mutator.env_vars)
            return Retry(
                failure(f"mutator {mutator.metadata.name}: {what}", result.text.removesuffix(TIMED_OUT), hidden)
            )
        return result.output

    async def _javascript(self, namespace: str, mutator: Mutator, subject: EventSubject) -> bytes | Retry:
        sources = await self._assets.scripts(namespace, mutator.runtime_assets) if mutator.runtime_assets else ()
        async with self._locks.held([Key(MUTATOR.qualified_name, namespace, mutator.metadata.name)]):
            made = await self._scripts.mutate(
                mutator.eval,
                subject.json,
                now=self._clock.now(),
                limit_s=mutator.timeout or SCRIPT_TIME_LIMIT_S,
                env_vars=_globals(mutator),
                sources=sources,
            )
        if isinstance(made, ExpressionError):
            return Retry(f"mutator {mutator.metadata.name}: {made.message}")
        if made.text is not None:
            return made.text.encode()
        try:
            return encode(decode(Event, msgspec.json.encode(made.event)))
        except InvalidResource as err:
            return Retry(f"mutator {mutator.metadata.name}: the event that it leaves is not valid: {err}")


def _globals(mutator: Mutator) -> dict[str, str]:
    """`K=V` as given; `K` alone takes its value from the backend's environment. Source: spec MU-03."""
    environment = command_environment()
    split = (item.partition("=") for item in mutator.env_vars or ())
    return {name: value if equals else environment.get(name, "") for name, equals, value in split}
