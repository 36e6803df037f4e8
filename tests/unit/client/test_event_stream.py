"""Server-sent events, line by line."""

import pytest

from sensu.client.event_stream import DATA_BYTES_MAX, ServerSentEvent, server_sent_events


def events(text: str) -> list[ServerSentEvent]:
    return list(server_sent_events(text.encode().splitlines(keepends=True)))


def test_an_event_has_a_type_data_and_an_id() -> None:
    """The id holds on until the next one, a comment is a sign of life, and data may have several lines."""
    assert events("retry: 1000\nid: 7\n: alive\n\nevent: updated\ndata: {\ndata: }\n\nid: 8\r\ndata:x\r\n\r\n") == [
        ServerSentEvent("", "", "7"),
        ServerSentEvent("updated", "{\n}", "7"),
        ServerSentEvent("", "x", "8"),
    ]


def test_half_an_event_is_none() -> None:
    """What a lost connection cuts off is told again when the client comes back."""
    assert events("event: updated\ndata: {}\n") == []


def test_an_event_without_an_end_is_refused() -> None:
    """No stream fills the memory."""
    line = b"data: " + b"x" * 1024 * 1024 + b"\n"
    with pytest.raises(ValueError, match="too long an event"):
        list(server_sent_events([line] * (DATA_BYTES_MAX // len(line) + 2)))
