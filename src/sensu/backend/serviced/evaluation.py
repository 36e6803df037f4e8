"""Evaluates service components: finds the events that they select, and has their rules make events of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from sensu.backend.ports import SelectedEvents, Selections
from sensu.clock import Clock
from sensu.errors import ExecutionError
from sensu.execution.javascript_pool import JavaScriptPool
from sensu.resources.event import Event
from sensu.resources.kinds import RULE_TEMPLATE
from sensu.resources.rule_template import RuleTemplate
from sensu.resources.service_component import ComponentRule, ServiceComponent
from sensu.rules.filters import ExpressionError
from sensu.rules.services.aggregate import SelectedNumbers, aggregate
from sensu.rules.services.arguments import given_arguments
from sensu.rules.services.built_in import AGGREGATE, BUILT_IN
from sensu.rules.services.results import RuleResult, failed, result_in, rule_event, script_event
from sensu.rules.share import ALL_SLOTS
from sensu.store.resource_cache import ResourceCache

SCRIPT_LIMIT_S = 2.0
"""The time limit of a script."""
TOO_MANY = "too many events are selected for a script: narrow the query, or use the template aggregate"


class Evaluation:
    """Makes the events of components."""

    def __init__(self, records: ResourceCache, selections: Selections, scripts: JavaScriptPool, clock: Clock) -> None:
        self._records, self._selections, self._scripts, self._clock = records, selections, scripts, clock

    async def events(self, component: ServiceComponent) -> Sequence[Event] | None:
        """The events of a component, one for each rule and service; None if what it selects is not known now.

        Raises StoreError.
        """
        metadata = component.metadata
        whole = any(rule.template != AGGREGATE for rule in component.rules)
        selected = await self._selections.selected(metadata.namespace, metadata.name, whole=whole)
        if selected is None or selected.slots != ALL_SLOTS:
            return None
        texts = [body.decode(errors="replace") for body in selected.bodies]
        found = list[Event]()
        for rule in component.rules:
            for service in component.services:
                result = await self._result(component, rule, service, selected, texts)
                found.append(rule_event(component, rule, service, result, self._clock.now()))
        return found

    async def _result(
        self,
        component: ServiceComponent,
        rule: ComponentRule,
        service: str,
        selected: SelectedEvents,
        texts: Sequence[str],
    ) -> RuleResult:
        template = self._template(component.metadata.namespace, rule.template)
        if template is None:
            return failed(f"the rule template {rule.template} does not exist")
        arguments = given_arguments(template.arguments, rule.arguments)
        if isinstance(arguments, str):
            return failed(arguments)
        if template is BUILT_IN:
            numbers = SelectedNumbers(selected.by_severity)
            return aggregate(numbers, arguments, service=service, check=rule.name, now=self._clock.now())
        if selected.too_many:
            return failed(TOO_MANY)
        return await self._scripted(template, arguments, script_event(component, rule, service), texts)

    def _template(self, namespace: str, name: str) -> RuleTemplate | None:
        if name == AGGREGATE:
            return BUILT_IN
        found: RuleTemplate | None = self._records.get(RULE_TEMPLATE, namespace, name)
        return found

    async def _scripted(
        self, template: RuleTemplate, arguments: Mapping[str, Any], event: Mapping[str, Any], texts: Sequence[str]
    ) -> RuleResult:
        try:
            made = await self._scripts.judge(
                template.eval,
                texts,
                msgspec.json.encode(event).decode(),
                msgspec.json.encode(arguments).decode(),
                now=self._clock.now(),
                limit_s=SCRIPT_LIMIT_S,
            )
        except ExecutionError as err:
            return failed(str(err))
        if isinstance(made, ExpressionError):
            return failed(f"the template {template.metadata.name} failed: {made.message}")
        result = result_in(made)
        return failed(result) if isinstance(result, str) else result
