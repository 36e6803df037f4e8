"""A program of this host that listens on a port."""

from argparse import ArgumentParser, Namespace

from sensu_check.finding import Failed, Finding, Unknown
from sensu_check.proc import read

EXAMPLES = ("5432", "53 --udp", "22 8080")
_LISTEN, _UNCONNECTED = "0A", "07"


def add_flags(parser: ArgumentParser) -> None:
    """Add the flags of this check."""
    parser.add_argument("port", nargs="+", type=int, metavar="PORT")
    parser.add_argument("--udp", action="store_true", help="UDP instead of TCP")


def check(args: Namespace) -> Finding:
    """Look for the ports among those on which a program listens."""
    if any(not 0 < port < 65536 for port in args.port):
        raise Unknown("a port must be a number from 1 to 65535")
    protocol, state = ("udp", _UNCONNECTED) if args.udp else ("tcp", _LISTEN)
    listening = set()
    for table in (protocol, f"{protocol}6"):
        try:
            lines = read(f"/proc/net/{table}").splitlines()[1:]
        except Unknown:  # a kernel without IPv6
            if table == protocol:
                raise
            continue
        listening |= {int(parts[1].rpartition(":")[2], 16) for line in lines if (parts := line.split())[3] == state}
    missing = [str(port) for port in args.port if port not in listening]
    if missing:
        raise Failed(f"nothing listens on {protocol} port {', '.join(missing)}")
    return Finding(f"{protocol} port {', '.join(map(str, args.port))} in use")
