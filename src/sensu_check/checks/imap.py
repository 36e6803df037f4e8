"""The greeting of an IMAP server, with a log-in if asked."""

import imaplib
from argparse import ArgumentParser, Namespace

from sensu_check import clock
from sensu_check.finding import Failed, Finding, Measure, Unknown
from sensu_check.flags import add_secret, add_thresholds, secret
from sensu_check.network import address, client_context, failed
from sensu_check.ranges import SECONDS

EXAMPLES = (
    "mail.example.org --tls",
    "mail.example.org --starttls --user-env MAIL_USER   # the variable has USER:PASSWORD",
)


def add_flags(parser: ArgumentParser) -> None:
    """Add the flags of this check."""
    parser.add_argument("address", metavar="HOST[:PORT]", help="the server (default port: 143, or 993 with --tls)")
    add_thresholds(parser, "the time", SECONDS)
    secured = parser.add_mutually_exclusive_group()
    secured.add_argument("--tls", action="store_true", help="connect with TLS")
    secured.add_argument("--starttls", action="store_true", help="continue with TLS")
    parser.add_argument("--insecure", action="store_true", help="accept any certificate")
    parser.add_argument("--ca-file", metavar="PATH", help="certificates of the authorities to trust")
    add_secret(parser, "user", "USER:PASSWORD to log in with")


def check(args: Namespace) -> Finding:
    """Greet, and log in if asked."""
    to = address(args.address, 993 if args.tls else 143)
    user = secret(args, "user")
    if user is not None and not (args.tls or args.starttls):
        raise Unknown("a log-in needs --tls or --starttls, because the password would be sent in plain text")
    began = clock.monotonic()
    try:
        context = client_context(not args.insecure, args.ca_file)
        if args.tls:
            server: imaplib.IMAP4 = imaplib.IMAP4_SSL(to.host, to.port, ssl_context=context, timeout=args.timeout)
        else:
            server = imaplib.IMAP4(to.host, to.port, timeout=args.timeout)
        with server:
            if args.starttls:
                server.starttls(context)
            if user is not None:
                name, _, password = user.partition(":")
                server.login(name, password)
    except imaplib.IMAP4.error as err:
        raise Failed(f"{to}: {err}") from None
    except OSError as err:
        raise failed(to, err) from None
    took = clock.monotonic() - began
    did = "logged in" if user is not None else "greeted"
    return Finding(f"{to} {did} in {took * 1000:.0f} ms", [Measure("time", took, "s", args.warning, args.critical, 0)])
