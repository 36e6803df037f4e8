"""`sensuctl global-config …`: the configuration of the web UI."""

from sensu.resources.kinds import GLOBAL_CONFIG
from sensu.sensuctl.declare import deletion, info, listing
from sensu.sensuctl.forms import get
from sensu.sensuctl.resource_commands import Noun, name_of
from sensu.sensuctl.table import Column

NOUN = Noun(
    GLOBAL_CONFIG,
    (
        Column("Name", name_of, key=True),
        Column("Sign-in message", lambda config: get(config, "spec.signin_message") or ""),
        Column("Theme", lambda config: get(config, "spec.default_preferences.theme") or ""),
    ),
)
COMMANDS = (deletion("global-config"), info("global-config"), listing("global-config"))
