"""The answer of a web server."""

from __future__ import annotations

import http.client
import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from base64 import b64encode
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urljoin, urlsplit

from sensu_check import clock
from sensu_check.certificates import Validity, validity
from sensu_check.finding import Failed, Finding, Measure, Status, Unknown
from sensu_check.flags import add_family, add_secret, add_thresholds, range_of, secret
from sensu_check.json_path import BadPath, Condition
from sensu_check.network import Address, client_context, connect, failed, family_of
from sensu_check.ranges import BYTES, DAYS, SECONDS

EXAMPLES = (
    "https://example.org",
    "https://example.org/health --json 'status == \"up\"' -w 0.5s -c 2s",
    "https://example.org/login --status 401 --expires-critical 7d:",
    "http://127.0.0.1:8080/ --contains Welcome --header 'Host: www.example.org'",
    "https://example.org/private --user-env SITE_USER   # the variable has USER:PASSWORD",
)
BODY_MAX = 10 * 1024 * 1024
REDIRECTED = frozenset({301, 302, 303, 307, 308})


class Answer(NamedTuple):
    """What a server answered, and how long each step took."""

    status: int
    words: str
    headers: http.client.HTTPMessage
    body: bytes
    certificate: Validity | None
    connected_s: float
    """The time until the connection, with TLS, was there."""
    first_byte_s: float


def add_flags(parser: ArgumentParser) -> None:
    """Add the flags of this check."""
    parser.add_argument("url", metavar="URL", type=url_argument)
    add_thresholds(parser, "the time for the whole answer, redirects included", SECONDS)
    parser.add_argument(
        "--status",
        metavar="LIST",
        type=_statuses,
        default="2xx,3xx",
        help="expected statuses, such as 200,3xx (default: 2xx,3xx)",
    )
    parser.add_argument("--contains", metavar="TEXT", help="text that the body must contain")
    parser.add_argument("--regex", metavar="PATTERN", type=_pattern, help="pattern that the body must match somewhere")
    parser.add_argument(
        "--json",
        metavar="CONDITION",
        action="append",
        default=[],
        type=_condition,
        help="condition for a JSON body, such as 'items[0].name == \"a\"', 'len(items) > 3' or 'has(error) == false'; "
        "can be repeated",
    )
    for name, default in (("warning", "14d:"), ("critical", "3d:")):
        parser.add_argument(
            f"--expires-{name}",
            metavar="RANGE",
            type=range_of(DAYS),
            default=default,
            help=f"{name} range of the days until the certificate expires (default: {default})",
        )
        parser.add_argument(
            f"--size-{name}", metavar="RANGE", type=range_of(BYTES), help=f"{name} range of the body's size"
        )
    parser.add_argument("--method", default="GET", metavar="NAME", help="method (default: GET)")
    parser.add_argument(
        "--header", action="append", default=[], metavar="'NAME: VALUE'", type=_header, help="can be repeated"
    )
    parser.add_argument("--data", metavar="TEXT", help="body to send; the method is then POST unless given")
    parser.add_argument("--redirects", metavar="NUMBER", type=int, default=5, help="redirects to follow (default: 5)")
    add_access(parser)


def add_access(parser: ArgumentParser) -> None:
    """Add the flags of `followed` that say how to connect, and as whom."""
    parser.add_argument("--insecure", action="store_true", help="accept any certificate")
    parser.add_argument("--ca-file", metavar="PATH", help="certificates of the authorities to trust")
    add_secret(parser, "user", "USER:PASSWORD for basic authentication")
    add_secret(parser, "token", "a bearer token")
    add_family(parser)


def check(args: Namespace) -> Finding:
    """Ask for the URL, and compare the answer with what is expected."""
    began = clock.monotonic()
    answer, url, hops = followed(args, began + args.timeout)
    took = clock.monotonic() - began
    problems = list(_problems(args, answer))
    measures = [
        Measure("time", took, "s", args.warning, args.critical, 0),
        Measure("connect", answer.connected_s, "s", None, None, 0),
        Measure("first_byte", answer.first_byte_s, "s", None, None, 0),
        Measure("size", len(answer.body), "B", args.size_warning, args.size_critical, 0),
    ]
    text = f"{answer.status} in {took * 1000:.0f} ms"
    now = clock.now()
    if answer.certificate is not None:
        measures.append(answer.certificate.measure(now, args.expires_warning, args.expires_critical))
        text += f", certificate {answer.certificate.words(now)}"
    if hops:
        text += f", after {hops} redirect{'' if hops == 1 else 's'} to {_shown(url)}"
    details = [f"{name}: {value}" for name, value in answer.headers.items()]
    if problems:
        return Finding(f"{'; '.join(problems)} ({text})", measures, Status.CRITICAL, details)
    return Finding(text, measures, Status.OK, details)


def _problems(args: Namespace, answer: Answer) -> Sequence[str]:
    problems = []
    if not any(re.fullmatch(expected, str(answer.status)) for expected in args.status):
        expected = " or ".join(each.replace(".", "x") for each in args.status)
        problems.append(f"status {answer.status} {answer.words}, expected {expected}".replace(" ,", ","))
    text = answer.body.decode("utf-8", "replace")
    if args.contains is not None and args.contains not in text:
        problems.append(f'the body does not contain "{args.contains}"')
    if args.regex is not None and not args.regex.search(text):
        problems.append(f'the body does not match "{args.regex.pattern}"')
    if args.json:
        problems += _json_problems(args.json, text)
    return problems


def _json_problems(conditions: Sequence[Condition], text: str) -> Sequence[str]:
    import json  # noqa: PLC0415 - costs 7 ms at each start, and only --json needs it

    try:
        body: Any = json.loads(text)
    except ValueError as err:
        return [f"the body is not JSON: {err}"]
    return [problem for each in conditions if (problem := each.problem(body)) is not None]


def followed(args: Namespace, ends: float) -> tuple[Answer, SplitResult, int]:
    """The answer to the request that the flags describe, where it came from, and after how many redirects.

    Raises Failed.
    """
    url, method, data = args.url, args.method, args.data
    if data is not None and method == "GET":
        method = "POST"
    headers = dict(args.header)
    credentials = _credentials(args)
    for hop in range(args.redirects + 1):
        same = (url.scheme, url.netloc) == (args.url.scheme, args.url.netloc)
        # Credentials and headers that were given belong to the first server, not to another one that it names.
        sent = {"User-Agent": "sensu-check", **(headers | credentials if same else {})}
        answer = _asked(args, url, method, data, sent, ends)
        target = answer.headers.get("Location")
        if answer.status not in REDIRECTED or target is None or not args.redirects:
            return answer, url, hop
        url = _target(url, target)
        if answer.status == 303 or (answer.status in (301, 302) and method == "POST"):
            method, data = "GET", None
    raise Failed(f"more than {args.redirects} redirects, the last to {_shown(url)}")


def _target(url: SplitResult, location: str) -> SplitResult:
    try:
        target = urlsplit(urljoin(url.geturl(), location))
        _ = target.port
    except ValueError:
        raise Failed(f"redirect to the invalid address {location}") from None
    if target.scheme not in ("http", "https") or not target.hostname:
        raise Failed(f"redirect to {location}, which is not a web address")
    return target


def _credentials(args: Namespace) -> dict[str, str]:
    user, token = secret(args, "user"), secret(args, "token")
    if user is not None and token is not None:
        raise Unknown("use either --user-… or --token-…")
    if user is not None:
        return {"Authorization": f"Basic {b64encode(user.encode()).decode()}"}
    return {} if token is None else {"Authorization": f"Bearer {token}"}


def _asked(
    args: Namespace, url: SplitResult, method: str, data: str | None, headers: dict[str, str], ends: float
) -> Answer:
    secure = url.scheme == "https"
    to = Address(url.hostname or "", url.port or (443 if secure else 80))
    began = clock.monotonic()
    connection = http.client.HTTPConnection(to.host, to.port)
    try:
        opened = connect(to, max(0.05, ends - began), family_of(args))
        connection.sock = opened
        certificate = None
        if secure:
            wrapped = client_context(not args.insecure, args.ca_file).wrap_socket(opened, server_hostname=to.host)
            connection.sock, certificate = wrapped, validity(wrapped)
        connected = clock.monotonic()
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        body = None if data is None else data.encode()
        connection.request(method, target, body, {"Host": url.netloc.rpartition("@")[2], **headers})
        response = connection.getresponse()
        first = clock.monotonic()
        return Answer(
            *(response.status, response.reason, response.headers, _body(response, connection, ends), certificate),
            *(connected - began, first - began),
        )
    except OSError as err:
        raise failed(to, err) from None
    except http.client.HTTPException as err:
        raise Failed(f"{to} did not answer with HTTP: {str(err) or type(err).__name__}") from None
    except ValueError as err:
        raise Unknown(f"the request cannot be sent: {err}") from None
    finally:
        connection.close()


def _body(response: http.client.HTTPResponse, connection: http.client.HTTPConnection, ends: float) -> bytes:
    parts, size = [], 0
    while part := response.read1(64 * 1024):
        parts.append(part)
        size += len(part)
        if size > BODY_MAX:
            raise Failed(f"the body has more than {BODY_MAX // 1024 // 1024} MiB")
        if connection.sock is not None:
            connection.sock.settimeout(max(0.05, ends - clock.monotonic()))
    return b"".join(parts)


def _shown(url: SplitResult) -> str:
    """A URL without a password, and without a query, which often has a secret."""
    return f"{url.scheme}://{url.netloc.rpartition('@')[2]}{url.path}"


def url_argument(text: str) -> SplitResult:
    """An argparse type for a URL without credentials."""
    try:
        url = urlsplit(text if "://" in text else f"http://{text}")
        _ = url.port
    except ValueError as err:
        raise ArgumentTypeError(f'"{text}" is not a URL: {err}') from None
    if url.scheme not in ("http", "https") or not url.hostname:
        raise ArgumentTypeError(f'"{text}" is not a URL: it must begin with http:// or https:// and have a host')
    if "@" in url.netloc:
        raise ArgumentTypeError("a URL must not have a user name or a password: use --user-env or --user-file")
    return url


def _statuses(text: str) -> list[str]:
    statuses = text.split(",")
    for each in statuses:
        if re.fullmatch("[1-5]([0-9]{2}|xx)", each) is None:
            raise ArgumentTypeError(f'"{each}" is not a status: use numbers such as 200, or classes such as 3xx')
    return [each.replace("x", ".") for each in statuses]


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as err:
        raise ArgumentTypeError(f'"{text}" is not a pattern: {err}') from None


def _condition(text: str) -> Condition:
    try:
        return Condition.parsed(text)
    except BadPath as err:
        raise ArgumentTypeError(str(err)) from None


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise ArgumentTypeError(f'"{text}" is not a header: use NAME: VALUE')
    return name.strip(), value.strip()
