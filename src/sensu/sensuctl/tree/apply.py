"""`sensuctl apply`."""

from sensu.sensuctl.declare import DRY_RUN, FORCE, FORMAT, RECURSIVE, SOURCES, alone

COMMAND = alone(
    "apply [-r] [[-f URL] ... ] [flags]",
    "nouns.apply:apply",
    DRY_RUN,
    SOURCES,
    FORCE,
    FORMAT,
    RECURSIVE,
    example="sensuctl apply -r -f monitoring/ --dry-run\nsensuctl apply -r -f monitoring/",
)
