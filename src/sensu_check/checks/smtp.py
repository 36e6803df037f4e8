"""The greeting of a mail server, with STARTTLS and a log-in if asked."""

import smtplib
from argparse import ArgumentParser, Namespace

from sensu_check import clock
from sensu_check.finding import Failed, Finding, Measure, Unknown
from sensu_check.flags import add_secret, add_thresholds, secret
from sensu_check.network import address, client_context, failed
from sensu_check.ranges import SECONDS

EXAMPLES = (
    "mail.example.org",
    "mail.example.org:587 --starttls --user-env MAIL_USER   # the variable has USER:PASSWORD",
)


def add_flags(parser: ArgumentParser) -> None:
    """Add the flags of this check."""
    parser.add_argument("address", metavar="HOST[:PORT]", help="the server (default port: 25)")
    add_thresholds(parser, "the time", SECONDS)
    parser.add_argument("--starttls", action="store_true", help="continue with TLS")
    parser.add_argument("--insecure", action="store_true", help="accept any certificate")
    parser.add_argument("--ca-file", metavar="PATH", help="certificates of the authorities to trust")
    add_secret(parser, "user", "USER:PASSWORD to log in with")


def check(args: Namespace) -> Finding:
    """Greet, and log in if asked."""
    to = address(args.address, 25)
    user = secret(args, "user")
    if user is not None and not args.starttls:
        raise Unknown("a log-in needs --starttls, because the password would be sent in plain text")
    began = clock.monotonic()
    try:
        with smtplib.SMTP(to.host, to.port, local_hostname="sensu-check", timeout=args.timeout) as server:
            server.ehlo_or_helo_if_needed()
            if args.starttls:
                server.starttls(context=client_context(not args.insecure, args.ca_file))
            if user is not None:
                name, _, password = user.partition(":")
                server.login(name, password)
    except smtplib.SMTPResponseException as err:
        text = err.smtp_error.decode("utf-8", "replace") if isinstance(err.smtp_error, bytes) else err.smtp_error
        raise Failed(f"{to} answered {err.smtp_code} {text}") from None
    except smtplib.SMTPNotSupportedError as err:
        raise Failed(f"{to}: {err}") from None
    except smtplib.SMTPServerDisconnected:
        raise Failed(f"{to}: the other side closed the connection") from None
    except OSError as err:
        raise failed(to, err) from None
    took = clock.monotonic() - began
    did = "logged in" if user is not None else "started TLS" if args.starttls else "greeted"
    return Finding(f"{to} {did} in {took * 1000:.0f} ms", [Measure("time", took, "s", args.warning, args.critical, 0)])
