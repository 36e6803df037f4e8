"""The first value of a query in a database, compared with ranges or a text."""

from argparse import ArgumentParser, Namespace
from typing import Any

from sensu_check.finding import Failed, Finding, Measure, Unknown
from sensu_check.flags import add_secret, add_thresholds, range_of, secret
from sensu_check.ranges import PLAIN, SECONDS


def add_query_flags(parser: ArgumentParser) -> None:
    """Add the address, the ranges of the time, and the query with what is expected of it."""
    add_secret(parser, "dsn", "the address of the database, with user and password")
    add_thresholds(parser, "the time until the answer", SECONDS)
    parser.add_argument(
        "--query", metavar="SQL", help="query whose first value is measured; it runs in a read-only transaction"
    )
    for name in ("warning", "critical"):
        parser.add_argument(
            f"--value-{name}", metavar="RANGE", type=range_of(PLAIN), help=f"{name} range of that value"
        )
    parser.add_argument("--expect", metavar="TEXT", help="text that the first value must be")


def dsn_of(args: Namespace) -> str:
    """The address of the database."""
    dsn = secret(args, "dsn")
    if dsn is None:
        raise Unknown("name the database with --dsn-env or --dsn-file")
    if args.query is None and (args.value_warning or args.value_critical or args.expect):
        raise Unknown("--value-warning, --value-critical and --expect need --query")
    return dsn


def finding(args: Namespace, took: float, value: Any) -> Finding:
    """The finding for the first value of the query, or for the number of connections without one."""
    time = Measure("time", took, "s", args.warning, args.critical, 0)
    if args.query is None:
        connections = Measure("connections", value, "", None, None, 0)
        return Finding(f"answered in {took * 1000:.0f} ms, {value} connections", [time, connections])
    if args.expect is not None and str(value) != args.expect:
        raise Failed(f"the value is {value}, expected {args.expect}")
    if args.expect is not None and not (args.value_warning or args.value_critical):
        return Finding(f"the value is {value}", [time])
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise Unknown(f"the value is {value}, which is not a number: use --expect") from None
    return Finding(
        f"the value is {value}", [time, Measure("value", number, "", args.value_warning, args.value_critical)]
    )
