"""The certificate of a server."""

import ssl
from argparse import ArgumentParser, Namespace

from sensu_check import clock
from sensu_check.certificates import validity
from sensu_check.finding import Failed, Finding, Status
from sensu_check.flags import add_family, add_thresholds
from sensu_check.network import LineConnection, address, client_context, connect, failed, family_of, reason
from sensu_check.ranges import DAYS

EXAMPLES = (
    "example.org",
    "mail.example.org:25 --starttls smtp -w 21d: -c 7d:",
    "10.0.0.7:8443 --server-name internal.example.org",
)
VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def add_flags(parser: ArgumentParser) -> None:
    """Add the flags of this check."""
    parser.add_argument("address", metavar="HOST[:PORT]", help="the server (default port: 443)")
    add_thresholds(parser, "the days until the certificate expires", DAYS, warning="14d:", critical="3d:")
    parser.add_argument("--starttls", choices=("smtp", "imap"), help="start with plain text of this protocol")
    parser.add_argument("--server-name", metavar="NAME", help="name to ask for and to verify (default: HOST)")
    parser.add_argument("--min-version", choices=tuple(VERSIONS), default="1.2", help="oldest version (default: 1.2)")
    parser.add_argument("--ca-file", metavar="PATH", help="certificates of the authorities to trust")
    parser.add_argument("--insecure", action="store_true", help="look at the expiry only, not at who signed it")
    add_family(parser)


def check(args: Namespace) -> Finding:
    """Shake hands, and compare the days that are left."""
    to = address(args.address, 443)
    name = args.server_name or to.host
    ends = clock.monotonic() + args.timeout
    try:
        connection = _connected(args, client_context(not args.insecure, args.ca_file), ends)
    except ssl.SSLCertVerificationError as err:
        raise Failed(f"{name}: {reason(err)}{_expiry(args, ends)}") from None
    except OSError as err:
        raise failed(to, err) from None
    with connection:
        found, version = validity(connection), connection.version()
    now = clock.now()
    measure = found.measure(now, args.warning, args.critical)
    status = Status.CRITICAL if found.ends <= now else Status.OK
    return Finding(f"{name} {found.words(now)}", [measure], status, [f"{version}, subject {found.subject}"])


def _connected(args: Namespace, context: ssl.SSLContext, ends: float) -> ssl.SSLSocket:
    context.minimum_version = VERSIONS[args.min_version]
    to = address(args.address, 443)
    plain = connect(to, ends - clock.monotonic(), family_of(args))
    try:
        lines = LineConnection(plain, ends)
        if args.starttls == "smtp":
            _smtp(lines)
        elif args.starttls == "imap":
            _imap(lines)
        lines.start_tls(context, args.server_name or to.host)
    except BaseException:
        plain.close()
        raise
    assert isinstance(lines.connection, ssl.SSLSocket)
    return lines.connection


def _smtp(lines: LineConnection) -> None:
    while (greeting := lines.read())[3:4] == "-":
        pass
    lines.write("EHLO sensu-check")
    while lines.read()[3:4] == "-":
        pass
    lines.write("STARTTLS")
    if not greeting.startswith("220") or not lines.read().startswith("220"):
        raise Failed("the server does not offer STARTTLS")


def _imap(lines: LineConnection) -> None:
    lines.read()
    lines.write("a STARTTLS")
    while not (answer := lines.read()).startswith("a "):
        pass
    if not answer.upper().startswith("A OK"):
        raise Failed("the server does not offer STARTTLS")


def _expiry(args: Namespace, ends: float) -> str:
    """When a certificate that is not valid expires: the reason is often that it has."""
    try:
        with _connected(args, client_context(verify=False), ends) as connection:
            return f"; it {validity(connection).words(clock.now())}"
    except (OSError, Failed):
        return ""
