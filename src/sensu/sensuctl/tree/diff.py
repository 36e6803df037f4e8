"""`sensuctl diff`."""

from sensu.sensuctl.declare import RECURSIVE, SOURCES, alone

COMMAND = alone(
    "diff [-r] [[-f URL] ... ] [flags]",
    "nouns.apply:diff",
    SOURCES,
    RECURSIVE,
    example="sensuctl diff -r -f monitoring/",
)
