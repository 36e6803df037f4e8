"""The answer of a MySQL or MariaDB server."""

from argparse import ArgumentParser, Namespace
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from sensu_check import clock
from sensu_check.finding import Failed, Finding, Unknown
from sensu_check.network import client_context, failed
from sensu_check.queries import add_query_flags, dsn_of, finding

EXAMPLES = (
    "--dsn-env DB_DSN   # the variable has mysql://USER:PASSWORD@HOST/DATABASE",
    "--dsn-file /etc/sensu/db.dsn --tls --query 'SELECT count(*) FROM jobs WHERE failed' --value-critical 0:10",
    "--dsn-env DB_DSN --query 'SELECT @@read_only' --expect 0",
)
PORT = 3306
CONNECTIONS = "SHOW GLOBAL STATUS LIKE 'Threads_connected'"
READ_ONLY = "SET SESSION TRANSACTION READ ONLY"
"""For the whole session: statements that change tables end a transaction before they run."""


class _Server(NamedTuple):
    """Where a database is: host and port, or the path of a socket."""

    host: str
    port: int
    socket: str
    user: str
    password: str
    database: str


def add_flags(parser: ArgumentParser) -> None:
    """Add the flags of this check."""
    add_query_flags(parser)
    parser.add_argument("--tls", action="store_true", help="require TLS")
    parser.add_argument("--insecure", action="store_true", help="accept any certificate")
    parser.add_argument("--ca-file", metavar="PATH", help="certificates of the authorities to trust")


def check(args: Namespace) -> Finding:
    """Connect, and ask."""
    server = _server(dsn_of(args))
    try:
        import pymysql  # noqa: PLC0415 - optional
    except ImportError:
        raise Unknown("this check needs PyMySQL: install sensu[checks]") from None
    began = clock.monotonic()
    options: dict[str, Any] = {"ssl": client_context(not args.insecure, args.ca_file)} if args.tls else {}
    if server.socket:
        options["unix_socket"] = server.socket
    try:
        connection = pymysql.connect(
            host=server.host,
            port=server.port,
            user=server.user,
            password=server.password,
            database=server.database or None,
            connect_timeout=max(1, int(args.timeout)),
            read_timeout=args.timeout,
            write_timeout=args.timeout,
            **options,
        )
        try:
            with connection.cursor() as cursor:
                if args.query is not None:
                    cursor.execute(READ_ONLY)
                cursor.execute(args.query or CONNECTIONS)
                row = cursor.fetchone() or (None,)
        finally:
            connection.close()
    except OSError as err:
        raise failed(f"{server.host}:{server.port}", err) from None
    except pymysql.Error as err:
        raise Failed(_words(err)) from None
    value = row[0] if args.query is not None else int(row[-1] or 0)
    return finding(args, clock.monotonic() - began, value)


def _server(dsn: str) -> _Server:
    """The parts of an address; the message about one that is not valid has nothing of it."""
    try:
        parts = urlsplit(dsn)
        port = parts.port or PORT
    except ValueError:
        parts, port = urlsplit(""), 0
    if parts.scheme not in ("mysql", "mariadb") or not (parts.hostname or parts.query):
        raise Unknown("the address of the database is not valid: use mysql://USER:PASSWORD@HOST/DATABASE")
    socket = parse_qs(parts.query).get("socket", [""])[0]
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return _Server(parts.hostname or "localhost", port, socket, user, password, unquote(parts.path.lstrip("/")))


def _words(err: Exception) -> str:
    """The message of the server or the driver, without the number of the error."""
    return str(err.args[-1] if err.args else err)
