"""`sensuctl search …`: the saved searches of the web UI."""

from typing import Any

from sensu.resources.kinds import SEARCH
from sensu.sensuctl.declare import deletion, info, listing
from sensu.sensuctl.forms import get
from sensu.sensuctl.resource_commands import Noun, joined, name_of
from sensu.sensuctl.table import Column


def _parameters(search: Any) -> str:
    return joined(get(search, "spec.parameters"), ", ")


NOUN = Noun(
    SEARCH,
    (
        Column("Name", name_of, key=True),
        Column("Resource", lambda search: get(search, "spec.resource") or ""),
        Column("Parameters", _parameters),
    ),
)
COMMANDS = (deletion("search"), info("search"), listing("search"))
