"""`sensuctl datastore …`: the databases of Sensu Go, which are stored and not used."""

from sensu.resources.kinds import DATASTORE
from sensu.sensuctl.declare import deletion, info, listing
from sensu.sensuctl.forms import get
from sensu.sensuctl.resource_commands import Noun, name_of
from sensu.sensuctl.table import Column

NOUN = Noun(
    DATASTORE,
    (
        Column("Name", name_of, key=True),
        Column("DSN", lambda config: get(config, "spec.dsn") or ""),
        Column("Pool size", lambda config: get(config, "spec.pool_size") or 0),
    ),
)
COMMANDS = (deletion("datastore"), info("datastore"), listing("datastore"))
