"""`sensuctl dump`."""

from sensu.flags import Flag
from sensu.sensuctl.declare import ALL_NAMESPACES, OMIT, ONE_AT_MOST, alone

_TYPES = Flag(
    "types", "bool", default=False, short="t", hidden=True, help='please use "sensuctl describe-type all" instead'
)
COMMAND = alone(
    "dump [RESOURCE TYPE],[RESOURCE TYPE]... [-f FILE] [flags]",
    "nouns.dump:dump",
    ALL_NAMESPACES,
    Flag("file", short="f", help="file to write to"),
    Flag("format", default="yaml", help='format of the output: "yaml" or "wrapped-json"'),
    OMIT,
    _TYPES,
    words=ONE_AT_MOST,
    example="sensuctl dump all --omit events,entities --file backup.yml",
)
