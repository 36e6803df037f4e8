"""Answers as they are sent."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from sensu.backend.api.errors import refused, refused_as_text, too_large
from sensu.backend.api.responses import CHUNK_BYTES, Streamed, json, listing
from sensu.backend.services.outcomes import (
    Denied,
    Exists,
    Invalid,
    Listing,
    NotFound,
    PreconditionFailed,
    Refusal,
    Unavailable,
)


def sent(response) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        messages.append(message)

    asyncio.run(response.send(send))
    return messages


async def chunks(*parts: Sequence[bytes]) -> AsyncIterator[Sequence[bytes]]:
    for part in parts:
        yield part


def header(messages: list[dict[str, Any]], name: bytes) -> bytes | None:
    return dict(messages[0]["headers"]).get(name)


@pytest.mark.parametrize(
    ("parts", "body"), [((), b"[]"), (([],), b"[]"), (([b"1"],), b"[1]"), (([b"1"], [], [b"2", b"3"]), b"[1,2,3]")]
)
def test_a_small_list_is_sent_whole_with_its_length(parts, body: bytes) -> None:
    """However a short list was read, it is one JSON array in one piece."""
    messages = sent(listing(Listing(chunks(*parts), "YQA", 3)))
    assert [message.get("body") for message in messages[1:]] == [body]
    assert header(messages, b"content-length") == b"%d" % len(body)
    assert header(messages, b"sensu-continue") == b"YQA"
    assert header(messages, b"sensu-total-count") == b"3"


@pytest.mark.parametrize("tail", [[], [b"9"]])
def test_a_long_list_is_sent_as_it_is_read(tail: list[bytes]) -> None:
    """A list above the size of a chunk goes out in parts that together are one JSON array."""
    large = b'"' + b"x" * CHUNK_BYTES + b'"'
    messages = sent(listing(Listing(chunks([b"1", large], [large], tail))))
    bodies = [message["body"] for message in messages[1:]]
    assert len(bodies) == 3
    assert b"".join(bodies) == b"[" + b",".join([b"1", large, large, *tail]) + b"]"
    assert [message.get("more_body", False) for message in messages[1:]] == [True, True, False]
    assert header(messages, b"content-length") is None


@pytest.mark.parametrize(
    ("outcome", "status", "body"),
    [
        (NotFound(), 404, b'{"message":"not found","code":2}'),
        (Invalid("no"), 400, b'{"message":"no","code":1}'),
        (Exists(), 409, b'{"message":"resource already exists","code":3}'),
        (PreconditionFailed("changed"), 412, b'{"message":"changed","code":7}'),
        (Denied(), 403, b'{"Code":4,"Message":"unauthorized to perform action"}'),
        (Unavailable("busy", 3), 503, b'{"message":"busy","code":0}'),
    ],
)
def test_every_refusal_has_a_status_and_a_body(outcome: Refusal, status: int, body: bytes) -> None:
    """Clients read `message` and `code` from handlers, `Message` and `Code` where no handler was asked."""
    response = refused(outcome)
    assert (response.status, response.body) == (status, body)


def test_who_shall_come_back_is_told_when() -> None:
    """A deferred request carries the seconds to wait."""
    assert (b"retry-after", b"3") in refused(Unavailable("busy", 3)).headers


def test_granting_keys_refuses_in_texts() -> None:
    """The wire has a plain text there, but not for a caller who may not."""
    response = refused_as_text(Invalid("user does not exist"))
    assert (response.status, response.body) == (400, b"user does not exist\n")
    assert refused_as_text(Denied()).status == 403


def test_a_body_that_is_too_large_ends_the_connection() -> None:
    """What is left of it need not be read."""
    assert (b"connection", b"close") in too_large("too large").headers


def test_no_answer_may_be_sniffed() -> None:
    """Browsers are told to take content types as they stand."""
    assert (b"x-content-type-options", b"nosniff") in json(b"{}").headers


class Held:
    """Parts that hold something until they are closed."""

    closed = False

    def __aiter__(self) -> "Held":
        return self

    async def __anext__(self) -> bytes:
        raise StopAsyncIteration

    async def aclose(self) -> None:
        self.closed = True


@pytest.mark.parametrize("method", ["send", "send_head"])
async def test_what_a_stream_holds_is_let_go_although_nothing_could_be_sent(method: str) -> None:
    """A client that has left before the answer begins leaves nothing behind."""
    parts = Held()

    async def send(_: dict[str, Any]) -> None:
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await getattr(Streamed(200, [], parts=parts), method)(send)
    assert parts.closed
