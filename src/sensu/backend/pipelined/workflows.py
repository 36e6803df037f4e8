"""Workflows at work: filters in order, then the mutator, then the handler."""

import logging
from collections.abc import Sequence

from sensu.backend.pipelined.filters import Filters, Subject
from sensu.backend.pipelined.handlers import Handlers
from sensu.backend.pipelined.mutators import Mutators
from sensu.backend.pipelined.outcome import Dropped, Outcome
from sensu.backend.pipelined.runtime_assets import Records
from sensu.log import fields
from sensu.resources.event import Event
from sensu.resources.handler import Handler
from sensu.resources.kinds import HANDLER, PIPELINE
from sensu.rules.workflow import Workflow, plan

log = logging.getLogger("sensu.pipelined")


class Workflows:
    """Finds the workflows of events and runs them."""

    def __init__(self, records: Records, filters: Filters, mutators: Mutators, handlers: Handlers) -> None:
        self._records, self._filters, self._mutators, self._handlers = records, filters, mutators, handlers

    def of(self, namespace: str, event: Event, rest: frozenset[str] | None) -> Sequence[Workflow]:
        """The workflows of an event, of which only those of `rest` are still to do where it is given."""
        found = plan(
            event,
            lambda name: self._records.get(PIPELINE, namespace, name),
            lambda name: self._records.get(HANDLER, namespace, name),
        )
        if rest is not None:
            return [workflow for workflow in found.workflows if str(workflow) in rest]
        for problem in found.problems:
            log.error("event not handled", extra=fields(namespace=namespace, error=problem))
        return found.workflows

    async def run(self, namespace: str, workflow: Workflow, subject: Subject, delivery_id: str) -> Outcome:
        """How it went to take an event through one workflow."""
        for name in workflow.filters:
            kept = await self._filters.verdict(namespace, name, subject)
            if kept is not None:
                return kept
        handler: Handler | None = self._records.get(HANDLER, namespace, workflow.handler)
        if handler is None:
            return Dropped(f"handler {workflow.handler} does not exist")
        payload = await self._mutators.payload(namespace, workflow.mutator, subject)
        if not isinstance(payload, bytes):
            return payload
        return await self._handlers.deliver(handler, payload, delivery_id)
