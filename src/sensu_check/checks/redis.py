"""The answer of a Redis server."""

from argparse import ArgumentParser, Namespace

from sensu_check import clock
from sensu_check.finding import Failed, Finding, Measure, Unknown
from sensu_check.flags import add_secret, add_thresholds, range_of, secret
from sensu_check.network import LineConnection, address, client_context, connect, failed
from sensu_check.ranges import BYTES, SECONDS

EXAMPLES = (
    "127.0.0.1",
    "cache.example.org --tls --password-env REDIS_PASSWORD",
    "127.0.0.1 --info used_memory --info-critical 0:2Gi",
)
INFO_MAX = 1024 * 1024


def add_flags(parser: ArgumentParser) -> None:
    """Add the flags of this check."""
    parser.add_argument("address", metavar="HOST[:PORT]", help="the server (default port: 6379)")
    add_thresholds(parser, "the time until the answer", SECONDS)
    parser.add_argument("--info", metavar="KEY", help="a number of the command INFO to measure")
    for name in ("warning", "critical"):
        parser.add_argument(
            f"--info-{name}", metavar="RANGE", type=range_of(BYTES), help=f"{name} range of that number"
        )
    parser.add_argument("--tls", action="store_true", help="connect with TLS")
    parser.add_argument("--insecure", action="store_true", help="accept any certificate")
    parser.add_argument("--ca-file", metavar="PATH", help="certificates of the authorities to trust")
    add_secret(parser, "password", "PASSWORD, or USER:PASSWORD")


def check(args: Namespace) -> Finding:
    """Send PING, and INFO if asked."""
    to = address(args.address, 6379)
    if (args.info_warning or args.info_critical) and args.info is None:
        raise Unknown("--info-warning and --info-critical need --info")
    password = secret(args, "password")
    began = clock.monotonic()
    try:
        with connect(to, args.timeout) as connection:
            lines = LineConnection(connection, began + args.timeout)
            if args.tls:
                lines.start_tls(client_context(not args.insecure, args.ca_file), to.host)
            if password is not None:
                _asked(lines, "AUTH", *password.split(":", 1))
            answer = _asked(lines, "PING")
            took = clock.monotonic() - began
            measures = [Measure("time", took, "s", args.warning, args.critical, 0)]
            if args.info is not None:
                measures.append(_info(lines, args))
    except OSError as err:
        raise failed(to, err) from None
    return Finding(f"{to} answered {answer} in {took * 1000:.0f} ms", measures)


def _info(lines: LineConnection, args: Namespace) -> Measure:
    for line in _asked(lines, "INFO").splitlines():
        key, _, value = line.partition(":")
        if key == args.info:
            try:
                return Measure(key, float(value), "", args.info_warning, args.info_critical)
            except ValueError:
                raise Unknown(f"{key} is {value}, which is not a number") from None
    raise Unknown(f"the server has no {args.info} in its INFO")


def _asked(lines: LineConnection, *words: str) -> str:
    """The answer to a command.

    Raises Failed if it is an error.
    """
    lines.write(f"*{len(words)}\r\n" + "\r\n".join(f"${len(word.encode())}\r\n{word}" for word in words))
    answer = lines.read()
    if answer.startswith("$"):
        size = int(answer[1:]) if answer[1:].isdigit() else -1
        if not 0 <= size <= INFO_MAX:
            raise Failed("the answer is not that of a Redis server")
        text, length = [], 0
        while length < size:
            text.append(lines.read())
            length += len(text[-1].encode("utf-8", "replace")) + 2
        if length == size:
            lines.read()
        return "\n".join(text)
    if not answer.startswith(("+", ":")):
        raise Failed(answer.removeprefix("-") if answer.startswith("-") else "the answer is not that of a Redis server")
    return answer[1:]
