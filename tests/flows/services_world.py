"""A backend's heart that evaluates service components too."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

from prometheus_client import CollectorRegistry

from sensu.backend.basics import Basics
from sensu.backend.metrics import BackendMetrics
from sensu.backend.ports import SelectedEvents, Selections
from sensu.backend.serviced import assembly as serviced
from sensu.backend.settings import BackendSettings
from sensu.resources.entity import Entity
from sensu.resources.kinds import RULE_TEMPLATE, SERVICE_COMPONENT
from sensu.resources.metadata import ObjectMeta
from sensu.resources.rule_template import RuleTemplate, TemplateArguments
from sensu.resources.service_component import ComponentQuery, ComponentRule, ServiceComponent
from sensu.testing.factories import NAMESPACE, make_check, make_event, make_metadata, make_proxy
from tests.flows.moving_slots import MovingSlots
from tests.flows.world import START, World

WEB = "webserver in event.check.subscriptions"


def make_component(
    name: str = "webservers",
    *rules: ComponentRule,
    namespace: str = NAMESPACE,
    query: str = WEB,
    labels: str = "",
    metadata: ObjectMeta | None = None,
    **fields: Any,
) -> ServiceComponent:
    """A component of the service `website`, evaluated every 10 seconds, with the rule `web` unless others are given."""
    selectors = [ComponentQuery(type="fieldSelector", value=query)] if query else []
    selectors += [ComponentQuery(type="labelSelector", value=labels)] if labels else []
    whole: dict[str, Any] = {"interval": 10, "services": ("website",), **fields}
    return ServiceComponent(
        metadata=metadata or make_metadata(name, namespace),
        query=tuple(selectors),
        rules=rules or (make_rule(),),
        **whole,
    )


def make_rule(name: str = "web", template: str = "aggregate", **arguments: Any) -> ComponentRule:
    """A rule; with the template `aggregate`, half of the events must be OK unless something else is said."""
    given = arguments or ({"critical_threshold": 50} if template == "aggregate" else {})
    return ComponentRule(name=name, template=template, arguments=given)


def make_template(name: str, script: str, **arguments: Any) -> RuleTemplate:
    """A template; `arguments` are the schemas of its arguments."""
    return RuleTemplate(
        metadata=make_metadata(name), eval=script, arguments=TemplateArguments(properties=arguments or None)
    )


class _Members(MovingSlots):
    """A member of a cluster whose others are a part of the test."""

    def __init__(self) -> None:
        super().__init__()
        self.others: SelectedEvents | None = None

    def joined_selections(self, local: Selections) -> Selections:
        """The events of this member, and of the others if a test has set them."""
        return _WithOthers(self, local)


class _WithOthers:
    def __init__(self, members: _Members, local: Selections) -> None:
        self._members, self._local = members, local

    async def selected(self, namespace: str, component: str, *, whole: bool) -> SelectedEvents | None:
        found, others = await self._local.selected(namespace, component, whole=whole), self._members.others
        if found is None or others is None:
            return found
        numbers = [one + other for one, other in zip(found.by_severity, others.by_severity, strict=True)]
        return SelectedEvents(found.slots | others.slots, tuple(numbers), found.bodies)  # type: ignore[arg-type]


class ServicesWorld(World):
    """A world with service components."""

    membership: _Members

    async def start(self) -> None:
        self.membership = _Members()
        await self.cache.load([SERVICE_COMPONENT, RULE_TEMPLATE])
        await super().start()
        self._stack = AsyncExitStack()
        self.metrics = BackendMetrics(CollectorRegistry())
        basics = Basics(self.store, self.cache, self.clock, BackendSettings(), self.metrics)
        self.serviced = serviced.assembled(basics, self.eventd, self.membership, self._stack)
        self._tasks.append(asyncio.create_task(self.serviced.run()))

    async def stop(self) -> None:
        await super().stop()
        await self._stack.aclose()

    async def settled(self) -> None:
        await super().settled()
        while running := list(self.serviced._running.values()):
            await asyncio.wait(running)
            await super().settled()

    async def reports(self, *statuses: int, subscription: str = "webserver", **fields: Any) -> None:
        """The check `http` of web0, web1 and so on has these results."""
        for number, status in enumerate(statuses):
            await self.report_of(f"web{number}", status, subscription=subscription, **fields)

    async def report_of(
        self, name: str, status: int, *, subscription: str = "webserver", entity: Entity | None = None, **fields: Any
    ) -> None:
        """The check `http` of an entity has a result."""
        now = int(self.clock.now())
        check = make_check("http", status, subscriptions=(subscription,), executed=now, issued=now, **fields)
        await self.report(make_event(entity or make_proxy(name), check))

    async def found(self, rule: str = "web", service: str = "website") -> tuple[int, str] | None:
        """Status and output of a rule of a service, None if it has no event."""
        event = await self.event(service, rule)
        return None if event is None or event.check is None else (event.check.status, event.check.output)

    def elapsed(self) -> float:
        """The seconds since the world began."""
        return self.clock.now() - START
