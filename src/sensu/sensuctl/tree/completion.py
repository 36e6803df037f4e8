"""`sensuctl completion`."""

from sensu.sensuctl.declare import ANY, alone

COMMAND = alone(
    "completion [bash|zsh|fish]",
    "completion:write_script",
    words=ANY,
    configured=False,
    example="source <(sensuctl completion bash)",
)
