"""`sensuctl edit`."""

from sensu.flags import Flag
from sensu.sensuctl.declare import ANY, FORCE, FORMAT, alone

COMMAND = alone(
    "edit [RESOURCE TYPE] [KEY]... [flags]",
    "nouns.edit:edit",
    Flag("blank", "bool", default=False, short="b", help="start from an empty resource"),
    FORCE,
    FORMAT,
    words=ANY,
    example="sensuctl edit check disk\nsensuctl edit event ENTITY CHECK\nsensuctl edit handler --blank",
)
