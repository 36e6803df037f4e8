"""`sensuctl sumo-logic-metrics-handler …`."""

from sensu.resources.kinds import SUMO_LOGIC
from sensu.sensuctl.declare import deletion, info, listing
from sensu.sensuctl.forms import get
from sensu.sensuctl.resource_commands import Noun, name_of
from sensu.sensuctl.table import Column

NOUN = Noun(
    SUMO_LOGIC,
    (
        Column("Name", name_of, key=True),
        Column("URL", lambda handler: get(handler, "spec.url") or ""),
        Column("Connections", lambda handler: str(get(handler, "spec.max_connections") or 0)),
        Column("Timeout", lambda handler: get(handler, "spec.timeout") or ""),
    ),
)
COMMANDS = (
    deletion("sumo-logic-metrics-handler"),
    info("sumo-logic-metrics-handler"),
    listing("sumo-logic-metrics-handler"),
)
