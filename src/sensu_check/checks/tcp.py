"""A TCP connection."""

from argparse import ArgumentParser, Namespace

from sensu_check import clock
from sensu_check.finding import Failed, Finding, Late, Measure
from sensu_check.flags import add_family, add_thresholds
from sensu_check.network import address, client_context, connect, failed, family_of
from sensu_check.ranges import SECONDS

EXAMPLES = (
    "db.example.org:5432 -w 0.5s -c 2s",
    r"mail.example.org:25 --expect 220 --send 'QUIT\r\n'",
    "vault.example.org:8200 --tls",
)
ANSWER_MAX = 64 * 1024


def add_flags(parser: ArgumentParser) -> None:
    """Add the flags of this check."""
    parser.add_argument("address", metavar="HOST:PORT")
    add_thresholds(parser, "the time", SECONDS)
    parser.add_argument("--send", metavar="TEXT", help=r"text to send; \r, \n and \t are control characters")
    parser.add_argument("--expect", metavar="TEXT", help="text that the answer must contain")
    parser.add_argument("--tls", action="store_true", help="connect with TLS")
    parser.add_argument("--insecure", action="store_true", help="accept any certificate")
    parser.add_argument("--ca-file", metavar="PATH", help="certificates of the authorities to trust")
    add_family(parser)


def check(args: Namespace) -> Finding:
    """Connect, send and compare."""
    to = address(args.address)
    began = clock.monotonic()
    ends = began + args.timeout
    connection = connect(to, args.timeout, family_of(args))
    try:
        if args.tls:
            connection = client_context(not args.insecure, args.ca_file).wrap_socket(
                connection, server_hostname=to.host
            )
        if args.send is not None:
            connection.sendall(_unescaped(args.send).encode())
        answer = b""
        while args.expect is not None and args.expect.encode() not in answer:
            connection.settimeout(max(0.05, ends - clock.monotonic()))
            more = connection.recv(4096)
            answer += more
            if not more or len(answer) > ANSWER_MAX:
                raise Failed(f'{to} answered "{_start(answer)}", expected "{args.expect}"')
    except TimeoutError:
        if args.tls and args.expect is None:
            raise Late(f"{to}: no answer in time") from None
        raise Late(f'{to} answered "{_start(answer)}" in time, expected "{args.expect}"') from None
    except OSError as err:
        raise failed(to, err) from None
    finally:
        connection.close()
    took = clock.monotonic() - began
    return Finding(
        f"{to} answered in {took * 1000:.0f} ms", [Measure("time", took, "s", args.warning, args.critical, 0)]
    )


def _unescaped(text: str) -> str:
    return text.replace(r"\r", "\r").replace(r"\n", "\n").replace(r"\t", "\t")


def _start(answer: bytes) -> str:
    return answer[:80].decode("utf-8", "replace")
