"""Refuses service components that depend on themselves through others."""

from sensu.backend.auth.records import Records
from sensu.backend.services.resources import ScriptCheck
from sensu.resources.kinds import EVENT, SERVICE_COMPONENT
from sensu.resources.service_component import ServiceComponent
from sensu.resources.wire import Wire
from sensu.rules.kinds.table import RULES
from sensu.rules.services.component_query import cycle_through


def with_cycles(records: Records, script_problem: ScriptCheck) -> ScriptCheck:
    """The check of a resource before it is stored: its scripts, and whether it is a component in a cycle."""

    async def problem(resource: Wire) -> str | None:
        return await script_problem(resource) or _cycle_problem(records, resource)

    return problem


def _cycle_problem(records: Records, resource: Wire) -> str | None:
    if not isinstance(resource, ServiceComponent):
        return None
    others = records.list(SERVICE_COMPONENT, resource.metadata.namespace)
    way = cycle_through(resource, others, RULES[EVENT].selectable)
    if way is None:
        return None
    return f"query makes a cycle: each of {' → '.join((*way, way[0]))} selects the events of the next"
