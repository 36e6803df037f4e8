"""`sensuctl env`."""

from sensu.flags import Flag
from sensu.sensuctl.declare import ANY, alone

COMMAND = alone(
    "env [flags]",
    "nouns.env:show_environment",
    Flag("shell", help='"bash", "cmd" or "powershell" (default: the shell of $SHELL)'),
    words=ANY,
    example="eval $(sensuctl env)",
)
