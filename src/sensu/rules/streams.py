"""Decides about connections of stream handlers: where they lead, and when a broken one is opened again."""

import re
from dataclasses import dataclass

from sensu.resources.tcp_stream import TCPStreamHandler
from sensu.rules.go_duration import parse_s
from sensu.rules.retrying import RetryPolicy, pause_s

_ADDRESS = re.compile(
    r"(?:\[(?P<bracketed>[0-9A-Fa-f:.%\w]+)\]|(?P<plain>[^\s:/@\[\]]+)):(?P<port>[0-9]{1,5})", re.ASCII
)
_PORT_MAX = 65_535
PATIENCE = 3.0
"""How many times the longest pause an event waits for a connection before its attempt has failed."""
PATIENCE_MIN_S = 1.0


def host_and_port(address: str) -> tuple[str, int] | None:
    """The parts of `host:port` or `[IPv6]:port`, None for any other text."""
    found = _ADDRESS.fullmatch(address)
    if found is None or not 0 < int(found["port"]) <= _PORT_MAX:
        return None
    return found["bracketed"] or found["plain"], int(found["port"])


@dataclass(frozen=True, slots=True)
class ReconnectPolicy:
    """The pauses before new connections, and how long an event waits for one."""

    first_s: float
    longest_s: float

    @property
    def patience_s(self) -> float:
        """How long an event waits for a connection before its attempt has failed."""
        return max(PATIENCE * self.longest_s, PATIENCE_MIN_S)

    def pause_s(self, failures: int, roll: float) -> float:
        """The pause after `failures` failures in a row (at least one); `roll` is a random number from 0 to 1."""
        return pause_s(RetryPolicy(0, self.first_s, self.longest_s), failures, roll)


def reconnect_policy(handler: TCPStreamHandler) -> ReconnectPolicy:
    """The policy of a valid handler."""
    return ReconnectPolicy(parse_s(handler.min_reconnect_delay), parse_s(handler.max_reconnect_delay))
