"""The round-trip time and the loss of ICMP packets."""

import os
import socket
import struct
import time
from argparse import ArgumentParser, Namespace

from sensu_check import clock
from sensu_check.finding import Finding, Measure, Status, Unknown
from sensu_check.flags import add_family, add_thresholds, number_of
from sensu_check.network import Address, failed, family_of, resolved
from sensu_check.ranges import MILLISECONDS, PERCENT, SECONDS

EXAMPLES = ("192.0.2.1", "example.org -w 100ms,20% -c 500ms,60% --count 10", "example.org --ip6")
_REQUEST = {socket.AF_INET: (8, 0), socket.AF_INET6: (128, 129)}
"""The types of a request and of its answer."""
_HEADER = struct.Struct("!BBHHH")
COUNT_MAX = 100


def add_flags(parser: ArgumentParser) -> None:
    """Add the flags of this check."""
    parser.add_argument("host", metavar="HOST")
    add_thresholds(
        parser,
        "the mean round-trip time, and of the loss",
        MILLISECONDS,
        PERCENT,
        warning="200ms,20%",
        critical="500ms,60%",
    )
    parser.add_argument("--count", type=int, default=5, help="number of packets (default: 5)")
    parser.add_argument(
        "--interval", metavar="TIME", type=number_of(SECONDS), default=0.2, help="time between packets (default: 0.2s)"
    )
    add_family(parser)


def check(args: Namespace) -> Finding:
    """Send packets one after the other, and count the answers."""
    if not 0 < args.count <= COUNT_MAX:
        raise Unknown(f"--count must be from 1 to {COUNT_MAX}")
    family, _, _, _, where = resolved(Address(args.host, 0), family_of(args), socket.SOCK_DGRAM)[0]
    wait = max(0.05, min(args.timeout / args.count, 1.0 if args.timeout > args.count else args.timeout / args.count))
    times = []
    with _socket(family) as opened:
        try:
            opened.connect(where)
            for number in range(args.count):
                began = clock.monotonic()
                took = _asked(opened, family, number, wait * 0.9)
                if took is not None:
                    times.append(took * 1000)
                if number + 1 < args.count:
                    time.sleep(max(0.0, min(args.interval, wait) - (clock.monotonic() - began)))
        except OSError as err:
            raise failed(args.host, err) from None
    return _finding(args, times)


def _finding(args: Namespace, times: list[float]) -> Finding:
    loss = round(100 * (args.count - len(times)) / args.count, 1)
    lost = Measure("loss", loss, "%", args.warning[1], args.critical[1], 0, 100)
    if not times:
        return Finding(f"none of {args.count} packets came back from {args.host}", [lost], Status.CRITICAL)
    mean = sum(times) / len(times)
    return Finding(
        f"{len(times)} of {args.count} packets came back, {mean:.1f} ms",
        [
            Measure("rta", mean, "ms", args.warning[0], args.critical[0], 0),
            Measure("rtmin", min(times), "ms", None, None, 0),
            Measure("rtmax", max(times), "ms", None, None, 0),
            lost,
        ],
    )


def _socket(family: socket.AddressFamily) -> socket.socket:
    protocol = socket.IPPROTO_ICMP if family == socket.AF_INET else socket.IPPROTO_ICMPV6
    try:
        return socket.socket(family, socket.SOCK_DGRAM, protocol)
    except PermissionError:
        pass
    try:
        return socket.socket(family, socket.SOCK_RAW, protocol)
    except PermissionError:
        raise Unknown(
            "this user may not send ICMP packets: run sysctl -w net.ipv4.ping_group_range='0 2147483647' as root"
        ) from None


def _asked(opened: socket.socket, family: socket.AddressFamily, number: int, wait: float) -> float | None:
    """The seconds until the answer to one packet; None if it does not come in time."""
    request, answer = _REQUEST[family]
    mark = os.urandom(16)
    message = _HEADER.pack(request, 0, 0, os.getpid() & 0xFFFF, number) + mark
    if family == socket.AF_INET:  # for IPv6, and for datagram sockets, the kernel does it
        message = _HEADER.pack(request, 0, _checksum(message), os.getpid() & 0xFFFF, number) + mark
    began = clock.monotonic()
    opened.send(message)
    while (left := began + wait - clock.monotonic()) > 0:
        opened.settimeout(left)
        try:
            came = opened.recv(2048)
        except TimeoutError:
            return None
        if opened.type == socket.SOCK_RAW and family == socket.AF_INET:
            came = came[(came[0] & 0x0F) * 4 :]
        if came[:1] == bytes([answer]) and came[_HEADER.size :] == mark:
            return clock.monotonic() - began
    return None


def _checksum(message: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    total = sum(int.from_bytes(message[at : at + 2]) for at in range(0, len(message), 2))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF
