"""`sensuctl doctor`."""

from sensu.sensuctl.declare import FORMAT, alone

COMMAND = alone(
    "doctor [flags]",
    "nouns.doctor:diagnose",
    FORMAT,
    configured=False,
    example="sensuctl doctor",
)
