"""The answer of a PostgreSQL server."""

import asyncio
from argparse import ArgumentParser, Namespace
from typing import Any

from sensu_check import clock
from sensu_check.finding import Failed, Finding, Measure, Unknown
from sensu_check.flags import add_secret, add_thresholds, range_of, secret
from sensu_check.network import failed
from sensu_check.ranges import PLAIN, SECONDS

EXAMPLES = (
    "--dsn-env PG_DSN   # the variable has postgresql://USER:PASSWORD@HOST/DATABASE",
    "--dsn-file /etc/sensu/pg.dsn --query 'SELECT count(*) FROM jobs WHERE failed' --value-critical 0:10",
)
CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"


def add_flags(parser: ArgumentParser) -> None:
    """Add the flags of this check."""
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


def check(args: Namespace) -> Finding:
    """Connect, and ask."""
    dsn = secret(args, "dsn")
    if dsn is None:
        raise Unknown("name the database with --dsn-env or --dsn-file")
    if args.query is None and (args.value_warning or args.value_critical or args.expect):
        raise Unknown("--value-warning, --value-critical and --expect need --query")
    return asyncio.run(_asked(args, dsn))


async def _asked(args: Namespace, dsn: str) -> Finding:
    try:
        import asyncpg  # noqa: PLC0415 - optional
    except ImportError:
        raise Unknown("this check needs asyncpg: install sensu[postgres]") from None
    began = clock.monotonic()
    try:
        async with asyncio.timeout(args.timeout):
            connection = await asyncpg.connect(dsn, timeout=args.timeout)
            try:
                async with connection.transaction(readonly=True):
                    value = await connection.fetchval(args.query or CONNECTIONS)
            finally:
                connection.terminate()
    except (OSError, TimeoutError) as err:
        raise failed("the database", err) from None
    except ValueError:
        # The message of the library has the address, and so the password.
        raise Unknown(
            "the address of the database is not valid: use postgresql://USER:PASSWORD@HOST/DATABASE"
        ) from None
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as err:
        raise Failed(f"{err}") from None
    took = clock.monotonic() - began
    time = Measure("time", took, "s", args.warning, args.critical, 0)
    if args.query is None:
        return Finding(
            f"answered in {took * 1000:.0f} ms, {value} connections",
            [time, Measure("connections", value, "", None, None, 0)],
        )
    return _compared(args, time, value)


def _compared(args: Namespace, time: Measure, value: Any) -> Finding:
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
