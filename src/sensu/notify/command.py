"""The command `sensu-notify`: sends the message about an event on its standard input, as a notify handler does."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import msgspec

from sensu.notify.senders.table import send
from sensu.notify.sending import SendRequest
from sensu.resources.check import Check
from sensu.rules.event_links import links_of
from sensu.rules.notify.message import AlertMessage, message_of
from sensu.rules.notify.occasions import DEFAULT, OCCASIONS, NoMessage, Wishes, known_from_history, occasion_of
from sensu.rules.notify.urls import expanded, masked, scheme_of

EXIT_FAILED, EXIT_USAGE = 1, 2
EVENT_BYTES_MAX = 16 * 1024 * 1024
TIMEOUT_S = 15.0

EXAMPLES = """examples:
  sensu-notify --url '${SLACK}' < event.json
  sensu-notify --url 'mailto://mail.example.org?from=sensu@example.org&to=ops@example.org' --dry-run < event.json

Write a URL that has a token or password into a variable of the environment and name the variable, as in '${SLACK}':
what is on a command line can be read by every user of the host.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit: 0 if the message was sent or none was needed, 1 if not, 2 for wrong usage."""
    options = _parser().parse_args(arguments)
    event = _event()
    when = tuple(word.strip() for word in options.when.split(",") if word.strip())
    unknown = [word for word in when if word not in OCCASIONS]
    if unknown:
        _refuse(f"--when has words of {', '.join(OCCASIONS)}, not {unknown[0]}")
    check = _check_in(event)
    happened = occasion_of(check, Wishes(when or DEFAULT), known_from_history(check), 0.0)
    if isinstance(happened, NoMessage):
        print(f"no message: {happened.why}")
        return
    namespace = str(((event.get("entity") or {}).get("metadata") or {}).get("namespace") or "default")
    links = links_of(options.dashboard_url.rstrip("/"), namespace, event) if options.dashboard_url else None
    message = message_of(event, happened, links)
    urls = [_url(url) for url in options.url]
    if options.dry_run:
        _show(message, urls)
        return
    failures = 0
    for url in urls:
        sent = send(SendRequest(url, message, options.timeout))
        failures += bool(sent.why)
        print(f"{masked(url)}  " + (f"failed: {sent.why}" if sent.why else f"sent in {sent.seconds * 1000:.0f} ms"))
    if failures:
        sys.exit(EXIT_FAILED)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "sensu-notify",
        description="Send the message about an event (JSON on standard input) to chat, mail and paging services.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--url", action="append", required=True, help="URL of a service; ${NAME} is an environment variable; repeatable"
    )
    parser.add_argument(
        "--when",
        default=",".join(DEFAULT),
        help=f"comma-separated occasions for a message, of {', '.join(OCCASIONS)} (default: %(default)s)",
    )
    parser.add_argument("--timeout", type=_seconds, default=TIMEOUT_S, help="seconds for each service (default: 15)")
    parser.add_argument("--dashboard-url", default="", help="URL of the web UI, for links to the event")
    parser.add_argument("--dry-run", action="store_true", help="show the message instead of sending it")
    return parser


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 3600:
        raise argparse.ArgumentTypeError("must be more than 0 and at most 3600 seconds")
    return seconds


def _event() -> Mapping[str, Any]:
    data = sys.stdin.buffer.read(EVENT_BYTES_MAX + 1)
    if len(data) > EVENT_BYTES_MAX:
        _refuse(f"the event has more than {EVENT_BYTES_MAX} bytes")
    try:
        event = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as err:
        _refuse(f"standard input is no event in JSON: {err}")
    if not isinstance(event, dict):
        _refuse("standard input is no event: it must be a JSON object")
    return event


def _check_in(event: Mapping[str, Any]) -> Check | None:
    check = event.get("check")
    try:
        return None if check is None else msgspec.convert(check, Check)
    except msgspec.ValidationError as err:
        _refuse(f"standard input is no event: {err}")


def _url(text: str) -> str:
    try:
        url = expanded(text, os.environ)
    except KeyError as err:
        _refuse(f"the environment has no variable {err.args[0]}, which --url refers to")
    if not scheme_of(url):
        _refuse("--url must begin with a service, for example slack:// or mailto://")
    return url


def _show(message: AlertMessage, urls: Sequence[str]) -> None:
    for url in urls:
        print(f"to {masked(url)}")
    print(f"\n{message.title}\n\n{message.text}")


def _refuse(why: str) -> NoReturn:
    print(f"sensu-notify: {why}", file=sys.stderr)
    sys.exit(EXIT_USAGE)
