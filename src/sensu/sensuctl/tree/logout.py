"""`sensuctl logout`."""

from sensu.sensuctl.declare import alone

COMMAND = alone("logout [flags]", "nouns.logout:log_out")
