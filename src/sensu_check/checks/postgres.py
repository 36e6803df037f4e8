"""The answer of a PostgreSQL server."""

import asyncio
from argparse import ArgumentParser, Namespace

from sensu_check import clock
from sensu_check.finding import Failed, Finding, Unknown
from sensu_check.network import failed
from sensu_check.queries import add_query_flags, dsn_of, finding

EXAMPLES = (
    "--dsn-env PG_DSN   # the variable has postgresql://USER:PASSWORD@HOST/DATABASE",
    "--dsn-file /etc/sensu/pg.dsn --query 'SELECT count(*) FROM jobs WHERE failed' --value-critical 0:10",
)
CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"


def add_flags(parser: ArgumentParser) -> None:
    """Add the flags of this check."""
    add_query_flags(parser)


def check(args: Namespace) -> Finding:
    """Connect, and ask."""
    return asyncio.run(_asked(args, dsn_of(args)))


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
    return finding(args, clock.monotonic() - began, value)
