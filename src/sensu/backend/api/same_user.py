"""Whether a request comes from a program of the user that this backend runs as, on this host.

The kernel knows: it lists the owner of each connection's other end. An address of this host alone says nothing, since
other users of the host and reverse proxies connect from there too.
"""

import contextlib
import ipaddress
import os
import struct
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sensu.backend.api.request import header

_TABLES = {4: Path("/proc/net/tcp"), 6: Path("/proc/net/tcp6")}
_FORWARDING = (b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip")
"""Headers that proxies add."""

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_from_same_user(scope: Mapping[str, Any]) -> bool:
    """Whether a program of this user sent the request to a loopback name; false if the system does not say."""
    if any(header(scope, name) is not None for name in _FORWARDING) or not _is_loopback_name(header(scope, b"host")):
        return False
    client, server = scope.get("client"), scope.get("server")
    if not client or not server:
        return False
    peer = _address(client[0])
    if peer is None or not peer.is_loopback:
        return False
    with contextlib.suppress(OSError), _TABLES[peer.version].open(encoding="ascii") as rows:
        return owner_of(rows, peer, client[1], server[1]) == os.getuid()
    return False


def owner_of(rows: Iterable[str], address: IPAddress, port: int, remote_port: int) -> int | None:
    """The user of the socket that is bound to an address and port and connected to a port, by the kernel's table."""
    wanted = f"{_in_hex(address)}:{port:04X}"
    for row in rows:
        columns = row.split()
        if len(columns) > 7 and columns[1] == wanted and columns[2].endswith(f":{remote_port:04X}"):
            return int(columns[7])
    return None


def _in_hex(address: IPAddress) -> str:
    """An address as the kernel prints it: words of 32 bits, each in the byte order of this machine."""
    words = struct.unpack(f">{len(address.packed) // 4}I", address.packed)
    return "".join(word.to_bytes(4, sys.byteorder).hex().upper() for word in words)


def _address(text: str) -> IPAddress | None:
    with contextlib.suppress(ValueError):
        address = ipaddress.ip_address(text)
        return getattr(address, "ipv4_mapped", None) or address
    return None


def _is_loopback_name(host: str | None) -> bool:
    """Whether a Host header names this host only, so that no other site's name leads here."""
    name = (host or "").lower()
    name = name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0]
    address = _address(name)
    return name == "localhost" or (address is not None and address.is_loopback)
