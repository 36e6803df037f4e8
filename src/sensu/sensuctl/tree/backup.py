"""`sensuctl backup`."""

from sensu.flags import Flag
from sensu.sensuctl.declare import ONE, alone

COMMAND = alone(
    "backup FILE|DIR/ [flags]",
    "nouns.backup:backup",
    Flag("events", "bool", default=False, help="include events; when restored, they are handled again"),
    words=ONE,
    example="sensuctl backup sensu.yml\nsensuctl backup sensu/",
)
