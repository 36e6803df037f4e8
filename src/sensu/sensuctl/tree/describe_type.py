"""`sensuctl describe-type`."""

from sensu.sensuctl.declare import FORMAT, ONE, alone

COMMAND = alone(
    "describe-type [RESOURCE TYPE],[RESOURCE TYPE]... [flags]",
    "nouns.describe_type:describe",
    FORMAT,
    words=ONE,
    example="sensuctl describe-type all",
    missing="invalid argument(s) received, expected a single one or a comma-separated list",
)
