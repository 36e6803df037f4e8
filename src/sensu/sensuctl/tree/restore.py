"""`sensuctl restore`."""

from sensu.sensuctl.declare import FORCE, ONE, alone

COMMAND = alone(
    "restore FILE|DIR [flags]", "nouns.backup:restore", FORCE, words=ONE, example="sensuctl restore sensu.yml"
)
