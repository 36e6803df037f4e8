"""`sensuctl service-component …`: the events that business services depend on."""

from collections.abc import Sequence
from typing import Any

from sensu.resources.kinds import SERVICE_COMPONENT
from sensu.sensuctl.declare import deletion, info, listing
from sensu.sensuctl.forms import get
from sensu.sensuctl.resource_commands import Noun, joined, name_of, namespace_of
from sensu.sensuctl.table import Column


def _schedule(component: Any) -> str:
    return str(get(component, "spec.cron") or f"{get(component, 'spec.interval') or 0} s")


def _query(component: Any) -> str:
    return " && ".join(str(one.get("value") or "") for one in get(component, "spec.query") or ())


def _rules(component: Any) -> str:
    rules = get(component, "spec.rules") or ()
    return joined([f"{rule.get('name')} ({rule.get('template')})" for rule in rules])


COLUMNS = (
    Column("Name", name_of, key=True),
    Column("Services", lambda component: joined(get(component, "spec.services"))),
    Column("Schedule", _schedule),
    Column("Query", _query),
    Column("Rules", _rules),
)


def details(component: Any) -> Sequence[tuple[str, Any]]:
    """The rows of `service-component info`."""
    return (
        ("Name", name_of(component)),
        ("Namespace", namespace_of(component)),
        *((column.title, column.cell(component)) for column in COLUMNS[1:]),
        ("Handlers", joined(get(component, "spec.handlers"))),
    )


NOUN = Noun(SERVICE_COMPONENT, COLUMNS, details)
COMMANDS = (deletion("service-component"), info("service-component"), listing("service-component"))
