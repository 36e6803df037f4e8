"""Requests and answers of small HTTP servers."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sensu.transport import http1
from sensu.transport.http1 import HTTPAnswer, HTTPRequest, ParseProblem, RequestParser

GET = b"GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n"
BODY = b"a\r\n\r\nb"
POST = b"POST /p HTTP/1.1\r\nContent-Length: 6\r\n\r\n" + BODY
CHUNKED = (
    b"PUT /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na\r\n\r\n3;x=y\r\n\r\nb\r\n0\r\nTrailer: t\r\n\r\n"
)
UPGRADE = b"GET /u HTTP/1.1\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n"


def parsed(
    data: bytes, body_bytes_max: int | None = 100, head_bytes_max: int = 200
) -> list[HTTPRequest | ParseProblem]:
    """All that a parser finds in data that arrives at once."""
    parser = RequestParser(head_bytes_max=head_bytes_max, body_bytes_max=body_bytes_max)
    parser.add(data)
    return list(iter(parser.next, None))


def test_a_request_is_parsed() -> None:
    """Method, target and headers of a request are read; names in lower case, values trimmed, in order."""
    (request,) = parsed(b"GET /a?b HTTP/1.1\r\nHost: x\r\nAccept:  one \r\nACCEPT: two\r\nEmpty:\r\n\r\n")
    headers = [("host", "x"), ("accept", "one"), ("accept", "two"), ("empty", "")]
    assert request == HTTPRequest("GET", "/a?b", headers)
    assert (request.path, request.header("accept"), request.tokens("accept")) == ("/a", "one", {"one", "two"})


@pytest.mark.parametrize(
    ("head", "keep_alive"),
    [(b"HTTP/1.1\r\n", True), (b"HTTP/1.1\r\nConnection: close\r\n", False), (b"HTTP/1.0\r\n", False)],
)
def test_the_client_decides_whether_the_connection_stays_open(head: bytes, keep_alive: bool) -> None:
    """A connection stays open unless the request asks for its end, or comes from a client of HTTP/1.0."""
    (request,) = parsed(b"GET / " + head + b"\r\n")
    assert isinstance(request, HTTPRequest)
    assert request.keep_alive is keep_alive


@pytest.mark.parametrize(
    "data",
    [
        b"GET / SPDY/3\r\n\r\n",
        b"GET / HTTP/2.0\r\n\r\n",
        b"GET / HTTP/1.1\r\nbroken\r\n\r\n",
        b"GET / HTTP/1.1\r\n folded: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1" + b"\r\na: b" * (http1.HEADERS_MAX + 1) + b"\r\n\r\n",
        b"\x16\x03\x01\x02",
        b"hello\n",
    ],
)
@pytest.mark.parametrize("body_bytes_max", [None, 100])
def test_what_is_no_request_is_malformed(data: bytes, body_bytes_max: int | None) -> None:
    """Bytes that are no HTTP/1.1 request, such as a TLS greeting, are recognised, and nothing after them is parsed."""
    assert parsed(GET + data + GET, body_bytes_max, 2000)[1:] == [ParseProblem.MALFORMED]


@pytest.mark.parametrize("cut", range(1, 5))
def test_requests_may_arrive_in_pieces(cut: int) -> None:
    """Requests are found in order, with their bodies, wherever the network cuts them; trailers are no headers."""
    parser, found = RequestParser(body_bytes_max=100), []
    data = b"\r\n" + GET + POST + CHUNKED + UPGRADE + GET
    for start in range(0, len(data), cut):
        parser.add(data[start : start + cut])
        found += list(iter(parser.next, None))
    assert [(one.method, one.path, one.body) for one in found if isinstance(one, HTTPRequest)] == [
        ("GET", "/a", b""),
        ("POST", "/p", BODY),
        ("PUT", "/c", BODY),
        ("GET", "/u", b""),
        ("GET", "/a", b""),
    ]
    assert all(one.header("trailer") == "" for one in found if isinstance(one, HTTPRequest))


@example([GET, CHUNKED, GET], [1, 60, 80])
@settings(max_examples=500)
@given(st.lists(st.sampled_from([GET, POST, CHUNKED, UPGRADE, b"\r\n", b"G", b"\x00"])), st.lists(st.integers(1, 80)))
def test_pieces_make_no_difference(parts: list[bytes], cuts: list[int]) -> None:
    """The same bytes give the same requests and problems, whole and in pieces; line breaks wait for what follows."""
    data = b"".join(parts) + b"G"
    parser, found, at = RequestParser(head_bytes_max=200, body_bytes_max=100), [], 0
    for cut in [*cuts, len(data) + 1]:
        parser.add(data[at : at + cut])
        found += list(iter(parser.next, None))
        at += cut
    assert found == parsed(data)


@pytest.mark.parametrize("end", [b"\r\n\r\n", b"\r\n\r", b""])
def test_bytes_after_a_request_are_left_alone(end: bytes) -> None:
    """What follows a request without body is not parsed before the next request is asked for."""
    parser = RequestParser()
    head = UPGRADE.removesuffix(b"\r\n\r\n")
    parser.add(head + end)
    found = parser.next()
    parser.add(b"\r\n\r\n".removeprefix(end) + b"\x82\x00frames\r\n\r\n")
    found = found or parser.next()
    assert isinstance(found, HTTPRequest)
    assert parser.rest() == b"\x82\x00frames\r\n\r\n"
    assert parser.unparsed_bytes == len(parser.rest())


def test_a_request_with_a_body_is_the_last_of_a_parser_without_bodies() -> None:
    """Where bodies are of no interest, a request is complete with its head, and nothing after its body is parsed."""
    for request in (POST, CHUNKED):
        (found,) = parsed(request + GET, None)
        assert isinstance(found, HTTPRequest)
        assert (found.has_body, found.body) == (True, b"")


@pytest.mark.parametrize(
    "data",
    [
        b"GET /" + b"x" * 200,
        b"GET / HTTP/1.1\r\nA: " + b"x" * 200,
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 40,
        b"\r\n" * 110,
        CHUNKED.removesuffix(b"\r\n") + b"A: b\r\n" * 1000,
        CHUNKED.partition(b"x=y")[0] + b"x" * 6000,
    ],
    ids=["target", "header", "headers", "empty lines", "trailers", "chunk extension"],
)
@pytest.mark.parametrize("piece_bytes", [1, 50, 1000])
def test_heads_and_trailers_are_bounded(data: bytes, piece_bytes: int) -> None:
    """A head or trailers that do not end are refused before they fill the memory."""
    parser, found = RequestParser(head_bytes_max=200, body_bytes_max=100), []
    for start in range(0, len(data), piece_bytes):
        parser.add(data[start : start + piece_bytes])
        found += list(iter(parser.next, None))
    assert found == [ParseProblem.HEAD_TOO_LARGE]


def test_bodies_are_bounded() -> None:
    """A body over the bound is refused, with and without a length; large bodies within it are not."""
    chunk = b"14\r\n" + b"x" * 20 + b"\r\n"
    assert parsed(b"POST / HTTP/1.1\r\nContent-Length: 101\r\n\r\n" + b"x" * 101) == [ParseProblem.BODY_TOO_LARGE]
    chunked = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert parsed(chunked + chunk * 6) == [ParseProblem.BODY_TOO_LARGE]
    (found,) = parsed(chunked + b"186A0\r\n" + b"x" * 100_000 + b"\r\n0\r\n\r\n", 100_000)
    assert isinstance(found, HTTPRequest)
    assert len(found.body) == 100_000


def test_a_client_that_waits_to_send_its_body_is_noticed() -> None:
    """`Expect: 100-continue` is reported once, when the head is complete."""
    waits: list[None] = []
    parser = RequestParser(body_bytes_max=100, on_continue=lambda: waits.append(None))
    parser.add(GET + b"POST / HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n")
    assert parser.next() is not None
    assert waits == []
    assert (parser.next(), waits) == (None, [None])
    parser.add(b"ab")
    found = parser.next()
    assert isinstance(found, HTTPRequest)
    assert (found.body, waits) == (b"ab", [None])


def test_an_answer_is_rendered() -> None:
    """An error has a length, a date and a content type that browsers may not guess at."""
    answer = http1.error(401, "bad credentials", [("Retry-After", "1")])
    assert http1.rendered(answer, 1700000000.0, keep_alive=False).split(b"\r\n") == [
        b"HTTP/1.1 401 Unauthorized",
        b"Retry-After: 1",
        b"Content-Type: text/plain; charset=utf-8",
        b"X-Content-Type-Options: nosniff",
        b"Date: Tue, 14 Nov 2023 22:13:20 GMT",
        b"Content-Length: 16",
        b"Connection: close",
        b"",
        b"bad credentials\n",
    ]


def test_an_answer_to_a_head_request_has_no_body() -> None:
    """The answer to a HEAD request states the length of the body and does not send it."""
    answer = http1.rendered(HTTPAnswer(200, b"ok"), 0.0, keep_alive=True, is_head=True)
    assert b"Content-Length: 2\r\n" in answer
    assert answer.endswith(b"\r\n\r\n")
