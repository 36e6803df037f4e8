"""`sensuctl create`."""

from sensu.sensuctl.declare import FORCE, ONE_AT_MOST, RECURSIVE, SOURCES, alone

COMMAND = alone(
    "create [-r] [[-f URL] ... ] [flags]",
    "nouns.create:create",
    SOURCES,
    FORCE,
    RECURSIVE,
    words=ONE_AT_MOST,
    example="sensuctl create -r -f monitoring/",
)
