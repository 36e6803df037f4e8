"""The greeting of an SSH server."""

from argparse import ArgumentParser, Namespace

from sensu_check import clock
from sensu_check.finding import Failed, Finding, Measure
from sensu_check.flags import add_family, add_thresholds
from sensu_check.network import LineConnection, address, connect, failed, family_of
from sensu_check.ranges import SECONDS

EXAMPLES = ("db.example.org", "db.example.org:2222 --expect OpenSSH")


def add_flags(parser: ArgumentParser) -> None:
    """Add the flags of this check."""
    parser.add_argument("address", metavar="HOST[:PORT]", help="the server (default port: 22)")
    add_thresholds(parser, "the time until the greeting", SECONDS)
    parser.add_argument("--expect", metavar="TEXT", help="text that the greeting must contain")
    add_family(parser)


def check(args: Namespace) -> Finding:
    """Connect, and read the greeting."""
    to = address(args.address, 22)
    began = clock.monotonic()
    with connect(to, args.timeout, family_of(args)) as connection:
        lines = LineConnection(connection, began + args.timeout)
        try:
            # LineConnection before the one with the version are allowed (RFC 4253, section 4.2).
            while not (greeting := lines.read()).startswith("SSH-"):
                pass
        except OSError as err:
            raise failed(to, err) from None
    took = clock.monotonic() - began
    if args.expect is not None and args.expect not in greeting:
        raise Failed(f'{to} greets with {greeting}, expected "{args.expect}"')
    return Finding(
        f"{greeting} answered in {took * 1000:.0f} ms", [Measure("time", took, "s", args.warning, args.critical, 0)]
    )
