"""Pipe handlers: a command that reads the event from its standard input."""

import logging
from collections.abc import Sequence

from sensu.backend.own_secrets import command_environment
from sensu.backend.pipelined.steps.commands import COMMAND_TIME_LIMIT_S, TIMED_OUT, hidden_values, revealed
from sensu.backend.pipelined.steps.handlers.deliver import Occasion, Tools
from sensu.backend.pipelined.steps.outcome import Delivered, Outcome, Retry
from sensu.backend.secrets.provider import NoSecret
from sensu.errors import ExecutionError
from sensu.execution.command import Command, CommandResult, run
from sensu.execution.environment import merged, pairs
from sensu.log import fields
from sensu.resources.handler import Handler
from sensu.rules.command_output import failure, without

log = logging.getLogger("sensu.pipelined")

LOGGED_OUTPUT_BYTES = 4096
DELIVERY_ID_VARIABLE = "SENSU_DELIVERY_ID"
"""Names the delivery, with the same value at each attempt, so that a handler can recognise repetitions."""

EVENT_URL_VARIABLE, SILENCE_URL_VARIABLE = "SENSU_EVENT_URL", "SENSU_SILENCE_URL"
"""Where the web UI shows the event, and where it silences it; set if the web UI's URL is known (`dashboard-url`)."""


async def deliver(tools: Tools, handler: Handler, payload: bytes, occasion: Occasion) -> Outcome:
    """Run the handler's command with `payload` as its standard input."""
    namespace = handler.metadata.namespace
    secrets = await tools.secrets.variables(namespace, handler.secrets)
    if isinstance(secrets, NoSecret):
        return Retry(secrets.why)
    variables = await tools.assets.variables(namespace, handler.runtime_assets)
    own = [(DELIVERY_ID_VARIABLE, occasion.delivery_id)]
    if occasion.links is not None:
        own += [(EVENT_URL_VARIABLE, occasion.links.event), (SILENCE_URL_VARIABLE, occasion.links.silence)]
    env = merged(command_environment(), own, variables, pairs(handler.env_vars), revealed(secrets))
    timeout_s = handler.timeout or COMMAND_TIME_LIMIT_S
    command = Command(handler.command, stdin=payload, env=env, timeout_s=timeout_s)
    try:
        result = await run(command, tools.clock)
    except ExecutionError as err:
        return Retry(str(err))
    hidden = hidden_values(secrets, handler.env_vars)
    _log_result(handler, result, hidden)
    if result.timed_out:
        return Retry(failure(f"timed out after {timeout_s} s", result.text.removesuffix(TIMED_OUT), hidden))
    if result.status == 0:
        return Delivered()
    return Retry(failure(f"exit status {result.status}", result.text, hidden))


def _log_result(handler: Handler, result: CommandResult, secrets: Sequence[str]) -> None:
    """Log a handler's output as the reference does, but bounded and without secrets."""
    output = without(result.text, secrets)
    failed = result.status != 0 or result.timed_out
    log.log(
        logging.ERROR if failed else logging.INFO,
        "event pipe handler failed" if failed else "event pipe handler executed",
        extra=fields(
            handler=handler.metadata.name,
            namespace=handler.metadata.namespace,
            status=result.status,
            output=output[:LOGGED_OUTPUT_BYTES],
        ),
    )
