"""serviced: evaluates service components when they are due, and sends the events of their rules to eventd.

In a cluster, the owner of a component's slot evaluates it. Missed evaluations are not made up for.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any

from sensu.backend.membership import Ownership
from sensu.backend.ports import EventStored, IncomingEvent, Intake
from sensu.backend.serviced.evaluation import Evaluation
from sensu.backend.serviced.selections import OwnSelections
from sensu.backend.stored_form import put
from sensu.backend.timers import Alarm, Due, Timers
from sensu.clock import Clock
from sensu.errors import StoreError
from sensu.log import fields
from sensu.resources.event import Event
from sensu.resources.kinds import ENTITY, SERVICE_COMPONENT
from sensu.resources.service_component import ServiceComponent
from sensu.resources.wire import decode
from sensu.rules.kinds import event as event_rules
from sensu.rules.schedule import component_timing
from sensu.rules.services.results import COMPONENT_ANNOTATION, places_of, service_entity
from sensu.rules.share import slot_of
from sensu.store.contract import Store
from sensu.store.resource_cache import ResourceCache
from sensu.store.values import EventKey, Key, Must

log = logging.getLogger("sensu.serviced")

AT_ONCE_MAX = 8
"""How many components are evaluated at the same time; others wait."""
EVALUATED, WAITING, FAILED, MISSED = "evaluated", "waiting", "failed", "missed"
"""Outcomes: events were made, those of other members were not known, an error occurred, or it did not take place."""


class Serviced:
    """Evaluates the components of `records` that this member owns."""

    def __init__(
        self,
        store: Store,
        records: ResourceCache,
        evaluation: Evaluation,
        selections: OwnSelections,
        intake: Intake,
        ownership: Ownership,
        clock: Clock,
        count: Callable[[str, int], None],
    ) -> None:
        """`count` is called with the outcome of evaluations (one of the constants above) and their number."""
        self._store, self._records, self._clock = store, records, clock
        self._evaluation, self._selections = evaluation, selections
        self._intake, self._ownership, self._count = intake, ownership, count
        self._timers = Timers()
        self._alarm = Alarm(self._timers, clock)
        self._room = asyncio.Semaphore(AT_ONCE_MAX)
        self._components: dict[Key, ServiceComponent] = {}
        self._running: dict[Key, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        """Evaluate components when they are due, until cancelled."""
        stop = self._records.subscribe(SERVICE_COMPONENT, self._changed)
        for component in self._records.list(SERVICE_COMPONENT):
            self._note(_key(component), component)
        self._selections.open()
        try:
            async with asyncio.TaskGroup() as self._group:
                while True:
                    dues, _ = await self._alarm.due()
                    for due in dues:
                        self._begin(due)
        finally:
            stop()
            self._selections.close()
            self._group = None

    def _note(self, key: Key, component: ServiceComponent | None) -> None:
        self._timers.set(key, None if component is None else component_timing(component), self._clock.now())
        if component is None:
            self._components.pop(key, None)
        else:
            self._components[key] = component

    def _changed(self, key: Key, component: Any) -> None:
        before = self._components.get(key)
        self._note(key, component)
        self._alarm.changed()
        if before is not None and self._group is not None:
            self._group.create_task(self._remove_former(key, before))

    def _owns(self, key: Key) -> bool:
        return self._ownership.owns(slot_of(key.namespace, f"service:{key.name}"))

    def _begin(self, due: Due) -> None:
        component = self._components.get(due.key)
        if component is None or self._group is None or not self._owns(due.key):
            return
        if due.missed or due.key in self._running:
            why = "is due again before it was evaluated" if due.key in self._running else "was due more than once"
            log.warning(f"a service component {why}", extra=_described(component, missed=due.missed))
            self._count(MISSED, due.missed + (due.key in self._running))
        if due.key not in self._running:
            task = self._group.create_task(self._evaluate(due.key, component))
            self._running[due.key] = task
            task.add_done_callback(lambda _: self._running.pop(due.key, None))

    async def _evaluate(self, key: Key, component: ServiceComponent) -> None:
        async with self._room:
            try:
                self._count(await self._outcome(key, component), 1)
            except StoreError as err:
                self._count(FAILED, 1)
                log.error("a service component could not be evaluated", extra=_described(component, error=str(err)))
            except Exception:
                self._count(FAILED, 1)
                log.exception("a service component could not be evaluated", extra=_described(component))

    async def _outcome(self, key: Key, component: ServiceComponent) -> str:
        """Make and send the events of a component; raises StoreError."""
        events = await self._evaluation.events(component)
        if events is None:
            log.warning("a service component waits for events of other backends", extra=_described(component))
            return WAITING
        await self._create_services(component)
        for event in events:
            if self._components.get(key) is component:
                await self._post(component, event)
        return EVALUATED

    async def _create_services(self, component: ServiceComponent) -> None:
        """Create the entities of the component's services that do not exist yet.

        An event about an unknown entity would create a proxy entity, whatever the class of its entity is.
        """
        namespace = component.metadata.namespace
        for name in component.services:
            if self._records.get(ENTITY, namespace, name) is None:
                await self._store.commit([put(ENTITY, service_entity(namespace, name), must=Must.BE_ABSENT)])

    async def _post(self, component: ServiceComponent, event: Event) -> None:
        why = event_rules.problem(event)
        if why is None:
            outcome = await self._intake.post(IncomingEvent(event))
            why = None if isinstance(outcome, EventStored) else outcome.why
        if why is not None:
            log.error("an event of a service component was not stored", extra=_described(component, error=why))

    async def _remove_former(self, key: Key, before: ServiceComponent) -> None:
        """Delete the events of rules and services that a component does not have any more.

        All members do, because the owner can be lost at the same time.
        """
        task = self._running.get(key)
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        kept = {place for one in self._of_namespace(key.namespace) for place in places_of(one)}
        for service, rule in places_of(before):
            if (service, rule) not in kept:
                try:
                    await self._remove(EventKey(key.namespace, service, rule), before.metadata.name)
                except Exception:
                    log.exception("an event of a service component could not be deleted", extra=_described(before))

    def _of_namespace(self, namespace: str) -> Iterable[ServiceComponent]:
        return [component for key, component in self._components.items() if key.namespace == namespace]

    async def _remove(self, key: EventKey, component: str) -> None:
        """Delete an event, unless it is not of the component."""
        stored = await self._store.get_event(key)
        check = None if stored is None else decode(Event, stored.body).check
        if check is not None and check.metadata.annotations.get(COMPONENT_ANNOTATION) == component:
            await self._intake.remove(key)


def _key(component: ServiceComponent) -> Key:
    return Key(SERVICE_COMPONENT.qualified_name, component.metadata.namespace, component.metadata.name)


def _described(component: ServiceComponent, **more: Any) -> dict[str, Any]:
    """The fields that name a component in the log, and more of them."""
    return fields(namespace=component.metadata.namespace, service_component=component.metadata.name, **more)
