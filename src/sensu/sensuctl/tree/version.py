"""`sensuctl version`."""

from sensu.sensuctl.declare import ANY, alone

COMMAND = alone("version [flags]", "nouns.version:show_version", words=ANY, configured=False)
