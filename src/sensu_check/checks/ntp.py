"""The difference between this host's clock and a time server."""

import os
import socket
import struct
from argparse import ArgumentParser, Namespace

from sensu_check import clock
from sensu_check.finding import Failed, Finding, Measure
from sensu_check.flags import add_family, add_thresholds
from sensu_check.network import Address, failed, family_of, resolved
from sensu_check.ranges import SECONDS, plain

EXAMPLES = ("pool.ntp.org", "10.0.0.1 -w 0.1s -c 1s")
PORT = 123
_EPOCH_S = 2_208_988_800
"""From 1900, where NTP begins, to 1970."""
_ERA_S = 2**32
_PACKET = struct.Struct("!BBbb11I")


def add_flags(parser: ArgumentParser) -> None:
    """Add the flags of this check."""
    parser.add_argument("host", metavar="HOST")
    parser.add_argument("--port", type=int, default=PORT, help=f"port of the server (default: {PORT})")
    add_thresholds(parser, "the difference, without its sign", SECONDS, warning="0.5s", critical="5s")
    add_family(parser)


def check(args: Namespace) -> Finding:
    """Ask the server for its time, and compare.

    Source: RFC 5905, section 8 (the four times and the offset), section 14 (the simple client).
    """
    to = Address(args.host, args.port)
    family, kind, protocol, _, where = resolved(to, family_of(args), socket.SOCK_DGRAM)[0]
    mark = int.from_bytes(os.urandom(8))
    with socket.socket(family, kind, protocol) as sent:
        sent.settimeout(args.timeout)
        try:
            sent.connect(where)
            left = clock.now()
            sent.send(_PACKET.pack(0x23, *[0] * 12, mark >> 32, mark & 0xFFFFFFFF))
            # The transmit time of the request comes back as the origin: another value is an answer to somebody else.
            while len(answer := sent.recv(512)) < _PACKET.size or _PACKET.unpack_from(answer)[9:11] != (
                mark >> 32,
                mark & 0xFFFFFFFF,
            ):
                pass
            came = clock.now()
        except OSError as err:
            raise failed(args.host, err) from None
    fields = _PACKET.unpack_from(answer)
    stratum = fields[1]
    if stratum == 0 or stratum > 15 or fields[0] >> 6 == 3:
        raise Failed(f"{args.host} is not synchronised")
    received, transmitted = (_unix(fields[at], fields[at + 1], came) for at in (11, 13))
    offset = ((received - left) + (transmitted - came)) / 2
    words = f"{plain(round(offset * 1000, 1))} ms"
    return Finding(
        f"offset {words}, stratum {stratum}",
        [
            Measure("offset", abs(offset), "s", args.warning, args.critical, 0),
            Measure("delay", max(0.0, (came - left) - (transmitted - received)), "s", None, None, 0),
        ],
    )


def _unix(seconds: int, fraction: int, near: float) -> float:
    """A time of NTP as Unix time, in the era that is nearest to `near`."""
    found = seconds - _EPOCH_S + fraction / 2**32
    return found + round((near - found) / _ERA_S) * _ERA_S
