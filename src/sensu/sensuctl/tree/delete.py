"""`sensuctl delete`."""

from sensu.flags import Flag
from sensu.sensuctl.declare import FORCE, ONE_AT_MOST, alone

COMMAND = alone(
    "delete [-f FILE] [flags]",
    "nouns.delete:delete",
    Flag("file", short="f", help="file with the resources to delete"),
    FORCE,
    words=ONE_AT_MOST,
    example="sensuctl delete -f monitoring.yml",
)
