"""`sensuctl rule-template …`: the templates of rules that evaluate service components."""

from collections.abc import Sequence
from typing import Any

from sensu.resources.kinds import RULE_TEMPLATE
from sensu.sensuctl.declare import deletion, info, listing
from sensu.sensuctl.forms import get
from sensu.sensuctl.resource_commands import Noun, joined, name_of, namespace_of
from sensu.sensuctl.table import Column


def _arguments(template: Any) -> str:
    return joined(get(template, "spec.arguments.properties"))


COLUMNS = (
    Column("Name", name_of, key=True),
    Column("Arguments", _arguments),
    Column("Description", lambda template: get(template, "spec.description") or ""),
)


def details(template: Any) -> Sequence[tuple[str, Any]]:
    """The rows of `rule-template info`."""
    name, arguments, description = (column.cell(template) for column in COLUMNS)
    return (
        ("Name", name),
        ("Namespace", namespace_of(template)),
        ("Description", description),
        ("Arguments", arguments),
        ("Required", joined(get(template, "spec.arguments.required"))),
    )


NOUN = Noun(RULE_TEMPLATE, COLUMNS, details)
COMMANDS = (deletion("rule-template"), info("rule-template"), listing("rule-template"))
