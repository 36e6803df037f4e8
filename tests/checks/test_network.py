"""Checks of servers, against servers on the loopback interface."""

import json
import os
import ssl
from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from sensu_check.finding import Status
from tests.checks.conftest import Run
from tests.checks.servers import (
    answering,
    dns_answer,
    free_port,
    greeting,
    http_server,
    ntp_answer,
    tcp_server,
    udp_server,
)
from tests.flows.certificate_authority import Authority, Pair

SECRET = "ann:very-secret"


def serving(pair: Pair) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.cert_file, pair.key_file)
    return context


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def _echo(request: BaseHTTPRequestHandler) -> tuple[int, dict[str, str], bytes]:
    size = int(request.headers.get("Content-Length") or 0)
    shown = {"method": request.command, "headers": dict(request.headers), "body": request.rfile.read(size).decode()}
    return 200, {"Content-Type": "application/json"}, json.dumps(shown).encode()


PAGES = {
    "/": lambda _: (200, {}, b"Welcome to the shop"),
    "/health": lambda _: (200, {}, b'{"status": "up", "queue": [{"length": 12}], "ready": true, "free": 0}'),
    "/login": lambda _: (401, {}, b"who are you"),
    "/broken": lambda _: (500, {}, b"<b>\x1b[31mOK | x=1\n"),
    "/moved": lambda _: (302, {"Location": "/"}, b""),
    "/loop": lambda _: (302, {"Location": "/loop"}, b""),
    "/away": lambda _: (302, {"Location": "file:///etc/passwd"}, b""),
    "/echo": _echo,
}


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with http_server(PAGES) as url:
        yield url


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["/"], Status.OK, "HTTP OK: 200 in "),
        (["/", "--contains", "Welcome"], Status.OK, "200"),
        (["/", "--contains", "Closed"], Status.CRITICAL, 'the body does not contain "Closed"'),
        (["/", "--regex", "the (shop|store)$"], Status.OK, "200"),
        (["/", "--regex", "^shop"], Status.CRITICAL, 'the body does not match "^shop"'),
        (["/none"], Status.CRITICAL, "status 404 Not Found, expected 2xx or 3xx"),
        (["/login", "--status", "401"], Status.OK, "401"),
        (["/", "--status", "201,3xx"], Status.CRITICAL, "status 200 OK, expected 201 or 3xx"),
        (
            ["/health", "--json", 'status == "up"', "--json", "queue[0].length < 20", "--json", "ready"],
            Status.OK,
            "200",
        ),
        (["/health", "--json", 'status == "down"'], Status.CRITICAL, 'status is "up", expected status == "down"'),
        (["/health", "--json", "queue[0].length > 20"], Status.CRITICAL, "queue[0].length is 12"),
        (["/health", "--json", "free"], Status.CRITICAL, "free is 0"),
        (["/health", "--json", "free == false"], Status.CRITICAL, "free is 0"),
        (["/health", "--json", 'status =~ "^u"'], Status.OK, "200"),
        (["/health", "--json", "queue[3].length"], Status.CRITICAL, "the JSON body has no queue[3].length"),
        (["/", "--json", "status"], Status.CRITICAL, "the body is not JSON"),
        (["/moved"], Status.OK, "after 1 redirect to http://"),
        (["/moved", "--redirects", "0"], Status.OK, "302 in"),
        (["/loop"], Status.CRITICAL, "more than 5 redirects"),
        (["/away"], Status.CRITICAL, "redirect to file:///etc/passwd, which is not a web address"),
        (["/", "-w", "1x"], Status.UNKNOWN, '"1x" has the unknown unit "x": the units are us, ms, s, m, h, d'),
        (["/", "-w", "0s"], Status.WARNING, "HTTP WARNING: 200"),
        (["/", "-c", "0us"], Status.CRITICAL, "HTTP CRITICAL: 200"),
        (["/", "--size-critical", "1Ki:"], Status.CRITICAL, "HTTP CRITICAL: 200"),
        (["/", "--status", "2000"], Status.UNKNOWN, '"2000" is not a status'),
        (["/", "--json", "a =="], Status.UNKNOWN, "is not a condition"),
        (["/", "--json", "a == up"], Status.UNKNOWN, "put texts into double quotes"),
        (["/", "--regex", "("], Status.UNKNOWN, "is not a pattern"),
        (["/", "--header", "X"], Status.UNKNOWN, "use NAME: VALUE"),
        (["/", "--header", "X: a\nEvil: b"], Status.UNKNOWN, "the request cannot be sent"),
    ],
)
def test_the_answer_of_a_web_server_is_what_is_expected(
    arguments: list[str], status: Status, says: str, site: str, run: Run
) -> None:
    """Status, body, JSON, redirects, time and size are compared, and a mistake in a flag is named."""
    ran = run("http", site + arguments[0], *arguments[1:])
    assert (ran.status, says in ran.line) == (status, True), ran.line


def test_a_hostile_body_stays_text(site: str, run: Run) -> None:
    """What a server sends can neither end the line nor add performance data."""
    ran = run("http", f"{site}/broken", "--contains", "x\n| fake=1", "-v")
    assert ran.status == Status.CRITICAL
    assert ran.line.count("|") == 1
    assert "fake=1 " not in ran.line.partition(" | ")[2]
    assert "\x1b" not in ran.output


def test_a_request_is_sent_as_the_flags_say(site: str, run: Run, tmp_path: Path) -> None:
    """Headers, a body, and credentials from the environment or from a file, but never from the command line."""
    basic = f"Basic {b64encode(SECRET.encode()).decode()}"
    asked = ["http", f"{site}/echo?a=b"]
    sent = [*asked, "--data", "x=1", "--header", "X-Test: yes", "--user-env", "SITE_USER"]
    wanted = ['method == "POST"', 'body == "x=1"', 'headers["X-Test"] == "yes"', f'headers.Authorization == "{basic}"']
    conditions = [part for condition in wanted for part in ("--json", condition)]
    assert run(*sent, *conditions, SITE_USER=SECRET).status == Status.OK
    token = tmp_path / "token"
    token.write_text("abc\nnot this\n")
    bearer = ["--json", 'headers.Authorization == "Bearer abc"']
    assert run(*asked, "--token-file", token, *bearer).status == Status.OK
    assert run(*asked, "--user-env", "NOT_SET_AT_ALL").status == Status.UNKNOWN
    assert run(*asked, "--token-file", tmp_path / "none").status == Status.UNKNOWN
    assert run("http", "http://ann:secret@127.0.0.1/").line.startswith(
        "HTTP UNKNOWN: argument URL: a URL must not have"
    )


def test_credentials_stay_with_the_server_they_are_for(run: Run) -> None:
    """A redirect to another server gets neither the password nor the headers."""
    with http_server(PAGES) as other, http_server({"/": lambda _: (302, {"Location": f"{other}/echo"}, b"")}) as first:
        arguments = ["http", f"{first}/", "--user-env", "SITE_USER", "--header", "Cookie: id=1"]
        assert run(*arguments, "--json", "headers.Authorization", SITE_USER=SECRET).status == Status.CRITICAL
        assert run(*arguments, "--json", "headers.Cookie", SITE_USER=SECRET).status == Status.CRITICAL
        assert run(*arguments, "--json", "headers.Host", SITE_USER=SECRET).status == Status.OK


def test_a_web_server_over_tls_shows_when_its_certificate_expires(run: Run, authority: Authority) -> None:
    """One call tells that the site is up and how long its certificate is valid."""
    with http_server(PAGES, serving(authority.issue("site", ends=timedelta(days=10, hours=1)))) as url:
        trusted = ["http", url, "--ca-file", authority.file]
        assert ", certificate expires in 10 days (" in run(*trusted).line
        assert run(*trusted).status == Status.WARNING
        assert run(*trusted, "--expires-warning", "5d:").status == Status.OK
        assert run(*trusted, "--expires-critical", "2w:").status == Status.CRITICAL
        assert "the certificate is not valid: " in run("http", url).line
        assert run("http", url, "--insecure", "--expires-warning", "5d:").status == Status.OK
        assert run("http", url, "--ca-file", "/no/such/file").status == Status.UNKNOWN


def test_a_certificate_is_checked_alone(run: Run, authority: Authority) -> None:
    """Days that are left, one that has expired, one for another name, and one of an unknown authority."""
    with tcp_server(greeting(b""), serving(authority.issue("db", ends=timedelta(days=60, hours=1)))) as port:
        trusted = ["tls", f"127.0.0.1:{port}", "--ca-file", authority.file]
        assert run(*trusted).line.endswith("| days=60;14:;3:")
        assert run(*trusted, "-w", "90d:").status == Status.WARNING
        assert run(*trusted, "--min-version", "1.3").status == Status.OK
        other = run(*trusted, "--server-name", "db.example.org")
        assert (other.status, "mismatch" in other.line) == (Status.CRITICAL, True)
        unknown = run("tls", f"127.0.0.1:{port}")
        assert (unknown.status, "; it expires in 60 days" in unknown.line) == (Status.CRITICAL, True)
        assert run("tls", f"127.0.0.1:{port}", "--insecure").status == Status.OK
    expired = authority.issue("old", begins=timedelta(days=-20), ends=timedelta(days=-2))
    with tcp_server(greeting(b""), serving(expired)) as port:
        ran = run("tls", f"127.0.0.1:{port}", "--ca-file", authority.file)
        assert (ran.status, "certificate has expired; it expired on " in ran.line) == (Status.CRITICAL, True)
        assert run("tls", f"127.0.0.1:{port}", "--insecure").status == Status.CRITICAL


def test_a_port_that_does_not_answer_as_expected_is_critical(run: Run) -> None:
    """Refused, silent, or something else than expected: each is named."""
    refused = run("tcp", f"127.0.0.1:{free_port()}")
    assert (refused.status, refused.line.endswith(": connection refused")) == (Status.CRITICAL, True)
    with tcp_server(answering({b"QUIT": b"221 bye\r\n"}, b"220 hello\r\n")) as port:
        place = f"127.0.0.1:{port}"
        assert run("tcp", place).status == Status.OK
        assert run("tcp", place, "--expect", "220 hello").status == Status.OK
        assert run("tcp", place, "--send", r"QUIT\r\n", "--expect", "221 bye").status == Status.OK
        other = run("tcp", place, "--expect", "554", "-t", "300ms")
        assert (other.status, 'answered "220 hello' in other.line) == (Status.CRITICAL, True)
    assert run("tcp", "127.0.0.1").line == 'TCP UNKNOWN: "127.0.0.1" has no port: use HOST:PORT'
    assert run("tcp", "host:99999").status == Status.UNKNOWN
    assert run("tcp", "no-such-host.invalid:80").status == Status.CRITICAL


@pytest.mark.parametrize(
    "arguments", [["http", "http://127.0.0.1:{}"], ["ssh", "127.0.0.1:{}"], ["tls", "127.0.0.1:{}"]]
)
def test_a_server_that_never_answers_is_late(arguments: list[str], run: Run) -> None:
    """The check ends in its time, with the status that was chosen."""
    with tcp_server(greeting(b"")) as port:
        asked = [each.format(port) for each in arguments]
        assert run(*asked, "-t", "300ms").status == Status.CRITICAL
        late = run(*asked, "-t", "300ms", "--timeout-status", "warning")
        assert (late.status, "no answer in time" in late.line) == (Status.WARNING, True)


def test_a_check_that_cannot_keep_its_time_ends_all_the_same(run: Run, tmp_path: Path) -> None:
    """Whatever blocks a check, it ends in its time with the status that was chosen."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    blocked = run("file-match", pipe, "--pattern", "x", "-t", "200ms", "--timeout-status", "unknown")
    assert (blocked.status, blocked.line) == (Status.UNKNOWN, "FILE-MATCH UNKNOWN: no result within 0.2 s")


def test_the_greeting_of_an_ssh_server_is_read(run: Run) -> None:
    """Lines before the version are allowed, and another program on the port is noticed."""
    with tcp_server(greeting(b"Authorised use only\r\nSSH-2.0-OpenSSH_9.2 Debian\r\n")) as port:
        assert run("ssh", f"127.0.0.1:{port}").line.startswith("SSH OK: SSH-2.0-OpenSSH_9.2 Debian answered in ")
        assert run("ssh", f"127.0.0.1:{port}", "--expect", "dropbear").status == Status.CRITICAL
    with tcp_server(lambda _, writing: writing.write(b"x" * 200_000) and None) as port:
        assert "a line of more than 64 KiB" in run("ssh", f"127.0.0.1:{port}").line


def test_the_greeting_of_a_mail_server_is_read(run: Run) -> None:
    """A server that refuses is critical, and a password is never sent in plain text."""
    smtp = answering({b"EHLO": b"250 here\r\n", b"QUIT": b"221 bye\r\n"}, b"220 mail ready\r\n")
    with tcp_server(smtp) as port:
        assert run("smtp", f"127.0.0.1:{port}").status == Status.OK
        starttls = run("smtp", f"127.0.0.1:{port}", "--starttls")
        assert (starttls.status, "STARTTLS" in starttls.line) == (Status.CRITICAL, True)
        plain = run("smtp", f"127.0.0.1:{port}", "--user-env", "MAIL_USER", MAIL_USER=SECRET)
        assert (plain.status, "needs --starttls" in plain.line) == (Status.UNKNOWN, True)
    with tcp_server(greeting(b"554 go away\r\n")) as port:
        assert run("smtp", f"127.0.0.1:{port}").line.endswith("answered 554 go away")
    assert run("smtp", f"127.0.0.1:{free_port()}").status == Status.CRITICAL


def test_the_greeting_of_an_imap_server_is_read(run: Run, authority: Authority) -> None:
    """With TLS the certificate counts, and a log-in that fails is critical."""

    def imap(reading, writing):  # type: ignore[no-untyped-def]
        writing.write(b"* OK ready\r\n")
        for line in reading:
            tag, command, *_ = line.split()
            answer = b"NO wrong" if command.upper() == b"LOGIN" else b"OK done"
            extra = b"* CAPABILITY IMAP4rev1\r\n" if command.upper() == b"CAPABILITY" else b""
            extra = b"* BYE\r\n" if command.upper() == b"LOGOUT" else extra
            writing.write(extra + tag + b" " + answer + b"\r\n")

    with tcp_server(imap) as port:
        assert run("imap", f"127.0.0.1:{port}").status == Status.OK
        assert run("imap", f"127.0.0.1:{port}", "--user-env", "MAIL_USER", MAIL_USER=SECRET).status == Status.UNKNOWN
    with tcp_server(imap, serving(authority.issue("mail"))) as port:
        secured = ["imap", f"127.0.0.1:{port}", "--tls", "--ca-file", authority.file]
        assert run(*secured).status == Status.OK
        refused = run(*secured, "--user-env", "MAIL_USER", MAIL_USER=SECRET)
        assert (refused.status, "very-secret" in refused.output) == (Status.CRITICAL, False)
        assert run("imap", f"127.0.0.1:{port}", "--tls").status == Status.CRITICAL


def test_a_redis_server_answers_and_is_measured(run: Run) -> None:
    """PING, a number of INFO with its range, a password, and an error of the server."""
    info = b"# Memory\r\nused_memory:1048576\r\nrole:master\r\n"

    def redis(reading, writing):  # type: ignore[no-untyped-def]
        while header := reading.readline():
            words = [reading.readline() and reading.readline().strip() for _ in range(int(header[1:]))]
            if words[0] == b"AUTH":
                writing.write(b"+OK\r\n" if words[1:] == [b"ann", b"very-secret"] else b"-WRONGPASS no\r\n")
            elif words[0] == b"PING":
                writing.write(b"+PONG\r\n")
            else:
                writing.write(b"$%d\r\n%s\r\n" % (len(info), info))

    with tcp_server(redis) as port:
        place = f"127.0.0.1:{port}"
        assert run("redis", place).line.startswith(f"REDIS OK: {place} answered PONG in ")
        assert run("redis", place, "--password-env", "PW", PW=SECRET).status == Status.OK
        assert run("redis", place, "--password-env", "PW", PW="wrong").line == "REDIS CRITICAL: WRONGPASS no"
        measured = ["redis", place, "--info", "used_memory"]
        assert "used_memory=1048576" in run(*measured).line
        assert run(*measured, "--info-critical", "0:512Ki").status == Status.CRITICAL
        assert run("redis", place, "--info", "role").status == Status.UNKNOWN
        assert run("redis", place, "--info", "none").status == Status.UNKNOWN
        assert run("redis", place, "--info-critical", "1").status == Status.UNKNOWN
    with tcp_server(greeting(b"220 mail ready\r\n")) as port:
        assert run("redis", f"127.0.0.1:{port}").status == Status.CRITICAL


@pytest.mark.parametrize(("ahead", "status"), [(0.0, Status.OK), (1.0, Status.WARNING), (-30.0, Status.CRITICAL)])
def test_a_clock_that_is_wrong_is_noticed(ahead: float, status: Status, run: Run) -> None:
    """The difference to a time server counts without its sign."""
    with udp_server(ntp_answer(ahead)) as port:
        ran = run("ntp", "127.0.0.1", "--port", port)
    assert ran.status == status
    offset = float(ran.line.partition("offset=")[2].partition("s")[0])
    assert offset == pytest.approx(abs(ahead), abs=0.2)


def test_a_time_server_without_time_is_critical(run: Run) -> None:
    """A server that is not synchronised, or does not answer, says nothing about this host's clock."""
    with udp_server(ntp_answer(0.0, stratum=0)) as port:
        assert run("ntp", "127.0.0.1", "--port", port).line == "NTP CRITICAL: 127.0.0.1 is not synchronised"
    with udp_server(lambda request: ntp_answer(0.0)(bytes(48))) as port:
        assert run("ntp", "127.0.0.1", "--port", port, "-t", "300ms").status == Status.CRITICAL


def test_a_name_server_is_asked(run: Run) -> None:
    """The values are compared, and each way to fail has its words."""
    records = {("example.org", "A"): ["192.0.2.7", "192.0.2.8"], ("example.org", "MX"): ["10 mail.example.org."]}
    with udp_server(dns_answer(records)) as port:
        server = ["--server", f"127.0.0.1:{port}"]
        assert run("dns", "example.org", *server).line.startswith(
            "DNS OK: example.org A is 192.0.2.7, 192.0.2.8 | time="
        )
        assert run("dns", "example.org", "--expect", "192.0.2.8", *server).status == Status.OK
        other = run("dns", "example.org", "--expect", "192.0.2.9", *server)
        assert other.line == "DNS CRITICAL: example.org A is 192.0.2.7, 192.0.2.8, expected 192.0.2.9"
        assert run("dns", "example.org", "--type", "MX", *server).status == Status.OK
        assert run("dns", "example.org", "--type", "TXT", *server).line.endswith("has no record of this type")
        assert run("dns", "none.example.org", *server).line.endswith("the name does not exist")
        assert run("dns", "example.org", "--authoritative", *server).status == Status.CRITICAL
        assert run("dns", "example.org", "--type", "NOSUCH", *server).status == Status.CRITICAL
    with udp_server(dns_answer(records, authoritative=True)) as port:
        assert run("dns", "example.org", "--authoritative", "--server", f"127.0.0.1:{port}").status == Status.OK
    assert run("dns", "example.org", "--server", "a-name").status == Status.UNKNOWN


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_host_is_pinged(host: str, run: Run) -> None:
    """Time and loss are compared with their ranges, for IPv4 and IPv6."""
    asked = ["ping", host, "--count", "2", "--interval", "10ms"]
    assert run(*asked).line.startswith("PING OK: 2 of 2 packets came back, ")
    assert run(*asked, "-w", "0ms").status == Status.WARNING
    assert run(*asked, "-c", ",@0%").status == Status.CRITICAL
    assert run("ping", host, "--count", "0").status == Status.UNKNOWN


def test_a_host_that_does_not_exist_is_critical(run: Run) -> None:
    """The message says that the name cannot be resolved."""
    assert run("ping", "no-such-host.invalid").line.startswith("PING CRITICAL: no-such-host.invalid cannot be resolved")
    wrong = run("ping", "127.0.0.1", "--ip6")
    assert (wrong.status, "to an IPv6 address" in wrong.line) == (Status.CRITICAL, True)


PROMETHEUS = {
    "up == 0": {"resultType": "vector", "result": [{"metric": {"__name__": "up", "job": "a"}, "value": [1, "0"]}]},
    "none": {"resultType": "vector", "result": []},
    "scalar": {"resultType": "scalar", "result": [1, "7.5"]},
    "odd": {"resultType": "scalar", "result": [1, "NaN"]},
    "range": {"resultType": "matrix", "result": []},
}


def _prometheus(request: BaseHTTPRequestHandler) -> tuple[int, dict[str, str], bytes]:
    form = parse_qs(request.rfile.read(int(request.headers["Content-Length"])).decode())
    data = PROMETHEUS.get(form["query"][0])
    if data is None:
        return 400, {}, b'{"status": "error", "errorType": "bad_data", "error": "parse error: no"}'
    return 200, {}, json.dumps({"status": "success", "data": data}).encode()


@pytest.fixture(scope="module")
def prometheus() -> Iterator[str]:
    with http_server({"/base/api/v1/query": _prometheus, "/api/v1/query": lambda _: (200, {}, b"[1]")}) as url:
        yield url


@pytest.mark.parametrize(
    ("arguments", "status", "text"),
    [
        (["up == 0", "--alert-when", "any"], Status.CRITICAL, "up{job=a} is 0"),
        (["up == 0", "--alert-when", "any", "--alert-status", "warning"], Status.WARNING, "up{job=a} is 0"),
        (["up == 0", "--alert-when", "none"], Status.OK, "up{job=a} is 0"),
        (["none", "--alert-when", "any"], Status.OK, "no result"),
        (["none", "--alert-when", "none"], Status.CRITICAL, "no result"),
        (["scalar", "-w", "5", "-c", "8"], Status.WARNING, "value is 7.5 | value=7.5;5;8"),
        (["none", "-w", "5"], Status.UNKNOWN, "the result is empty"),
        (["odd", "-w", "5"], Status.UNKNOWN, "the value of value is not a number"),
        (["range", "-w", "5"], Status.UNKNOWN, "the result is a matrix"),
        (["wrong(", "-w", "5"], Status.UNKNOWN, "parse error: no"),
        (["scalar"], Status.UNKNOWN, "say when to alert"),
    ],
)
def test_the_result_of_a_query_is_compared(
    prometheus: str, arguments: list[str], status: Status, text: str, run: Run
) -> None:
    """Any series, or none, alerts; or each value is compared with the ranges."""
    query, *flags = arguments
    ran = run("prometheus", f"{prometheus}/base", "--query", query, *flags)
    assert (ran.status, text in ran.line) == (status, True), ran.line


def test_a_server_that_is_not_prometheus_is_critical(prometheus: str, run: Run) -> None:
    """An answer that cannot be understood is no result."""
    ran = run("prometheus", prometheus, "--query", "up", "--alert-when", "any")
    assert ran.status == Status.CRITICAL
    assert "the answer with the status 200 is not that of Prometheus" in ran.line
