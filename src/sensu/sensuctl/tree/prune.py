"""`sensuctl prune`."""

from sensu.flags import Flag
from sensu.sensuctl.declare import DRY_RUN, FORCE, FORMAT, LABEL_SELECTOR, OMIT, ONE_AT_MOST, RECURSIVE, SOURCES, alone

COMMAND = alone(
    "prune [RESOURCE TYPE],[RESOURCE TYPE]... [-r] [[-f URL] ... ] [flags]",
    "nouns.prune:prune",
    Flag("all-users", "bool", default=False, short="a", help="resources created by any user"),
    Flag("cluster-wide", "bool", default=False, short="c", help="include cluster-wide types"),
    DRY_RUN,
    SOURCES,
    FORCE,
    FORMAT,
    LABEL_SELECTOR,
    OMIT,
    RECURSIVE,
    Flag("users", "strings", short="u", help="resources created by these users (default: yourself)"),
    words=ONE_AT_MOST,
    example="sensuctl prune checks,handlers -r -f monitoring/ --dry-run",
)
