"""The answer of a name server."""

from argparse import ArgumentParser, Namespace

from sensu_check import clock
from sensu_check.finding import Failed, Finding, Measure, Unknown
from sensu_check.flags import add_thresholds
from sensu_check.network import address, reason
from sensu_check.ranges import SECONDS

EXAMPLES = ("example.org", "example.org --expect 192.0.2.7", "example.org --type MX --server 10.0.0.53 -w 0.2s")


def add_flags(parser: ArgumentParser) -> None:
    """Add the flags of this check."""
    parser.add_argument("host", metavar="NAME")
    add_thresholds(parser, "the time until the answer", SECONDS)
    parser.add_argument(
        "--type", default="A", metavar="TYPE", help="type of the record, such as AAAA or MX (default: A)"
    )
    parser.add_argument(
        "--server", metavar="ADDRESS[:PORT]", help="IP address of the server (default: those of this host)"
    )
    parser.add_argument(
        "--expect",
        action="append",
        default=[],
        metavar="VALUE",
        help="value that the answer must have; can be repeated",
    )
    parser.add_argument("--authoritative", action="store_true", help="the server must be responsible for the name")


def check(args: Namespace) -> Finding:
    """Ask for the records, and compare."""
    try:
        import dns.exception  # noqa: PLC0415 - optional, and costs 78 ms
        import dns.flags  # noqa: PLC0415
        import dns.resolver  # noqa: PLC0415
    except ImportError:
        raise Unknown("this check needs dnspython: install sensu[checks]") from None
    resolver = dns.resolver.Resolver(configure=args.server is None)
    if args.server is not None:
        server = address(args.server, 53)
        try:
            resolver.nameservers, resolver.port = [server.host], server.port
        except ValueError:
            raise Unknown(f'--server must be an IP address, not "{server.host}"') from None
    began = clock.monotonic()
    try:
        answer = resolver.resolve(args.host, args.type, lifetime=args.timeout, search=False)
    except dns.exception.DNSException as err:
        raise Failed(f"{args.host} {args.type}: {_words(err)}") from None
    except (OSError, ValueError) as err:
        raise Failed(f"{args.host} {args.type}: {reason(err)}") from None
    took = clock.monotonic() - began
    values = sorted(record.to_text() for record in answer)
    shown = ", ".join(values)
    missing = [each for each in args.expect if each not in values]
    if missing:
        raise Failed(f"{args.host} {args.type} is {shown}, expected {', '.join(missing)}")
    if args.authoritative and not answer.response.flags & dns.flags.AA:
        raise Failed(f"{args.host} {args.type}: the server is not responsible for the name")
    return Finding(
        f"{args.host} {args.type} is {shown}",
        [Measure("time", took, "s", args.warning, args.critical, 0)],
        details=values,
    )


def _words(err: Exception) -> str:
    match type(err).__name__:
        case "NXDOMAIN":
            return "the name does not exist"
        case "NoAnswer":
            return "the name has no record of this type"
        case "LifetimeTimeout" | "Timeout":
            return "no answer in time"
        case "NoNameservers":
            return "no server answered the question"
        case "UnknownRdatatype":
            return "this type of record does not exist"
        case _:
            return str(err)
