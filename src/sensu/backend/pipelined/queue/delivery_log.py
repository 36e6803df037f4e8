"""What is logged about deliveries."""

import logging
from collections.abc import Sequence

from sensu.backend.pipelined.queue.delivery import PendingDelivery
from sensu.backend.pipelined.steps.outcome import Delivered, Dropped, Filtered, Outcome
from sensu.log import fields
from sensu.rules.workflow import Workflow, core_handler, missing_handler

log = logging.getLogger("sensu.pipelined")

OPTIONAL_HANDLERS = frozenset(("keepalive", "registration"))
"""Handlers that Sensu itself names, in events of the same name; an installation need not have them."""


def log_problems(pending: PendingDelivery) -> None:
    """Log what the event of a delivery names and does not exist."""
    key, serious = pending.key, serious_problems(pending)
    for problem in pending.problems:
        context = fields(namespace=key.namespace, entity=key.entity, check=key.check, error=problem)
        log.log(logging.ERROR if problem in serious else logging.DEBUG, "event not handled", extra=context)


def serious_problems(pending: PendingDelivery) -> Sequence[str]:
    """The problems with the references of an event, without the absence of a handler that need not exist."""
    check = pending.key.check
    absent = missing_handler(core_handler(check)) if check in OPTIONAL_HANDLERS else ""
    return [problem for problem in pending.problems if problem != absent]


def log_outcome(pending: PendingDelivery, workflow: Workflow, outcome: Outcome) -> None:
    """Log an attempt, unless the handler took the event."""
    if isinstance(outcome, Delivered):
        return
    key = pending.key
    context = {"entity": key.entity, "check": key.check, "namespace": key.namespace, "workflow": str(workflow)}
    if isinstance(outcome, Filtered):
        log.debug("event filtered", extra=fields(filter=outcome.by, why=outcome.why, **context))
    elif isinstance(outcome, Dropped):
        log.error("event not handled", extra=fields(error=outcome.why, **context))
    else:
        attempt = pending.steps[str(workflow)].tries + 1
        log.warning("event not handled yet", extra=fields(error=outcome.why, attempt=attempt, **context))
