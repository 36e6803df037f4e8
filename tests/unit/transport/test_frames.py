import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.transport import frames


@given(st.text(st.characters(exclude_characters="\n", codec="ascii"), max_size=frames.TYPE_BYTES_MAX), st.binary())
def test_a_message_is_read_as_it_was_built(message_type: str, payload: bytes) -> None:
    """Whatever is in the payload, newlines too, type and payload arrive as they were sent."""
    assert frames.parse(frames.build(message_type, payload)) == (message_type, payload)


@pytest.mark.parametrize("data", [b"", b"no newline at all", b"\x00" * 100])
def test_a_message_without_a_newline_is_none(data: bytes) -> None:
    """A message without a newline has no type and is told apart from one with an unknown type."""
    assert frames.parse(data) is None


@pytest.mark.parametrize(
    ("data", "expected"),
    [(b"\n", ("", b"")), (b"nosuch\n{}", ("nosuch", b"{}")), (b"\xff\nx", ("�", b"x"))],
)
def test_odd_types_are_readable(data: bytes, expected: tuple[str, bytes]) -> None:
    """A type that nobody knows, even one that is no text, leaves the message readable."""
    assert frames.parse(data) == expected


def test_a_long_type_is_shortened() -> None:
    """A type without bounds cannot fill a log."""
    message = frames.parse(b"x" * 10_000 + b"\n")
    assert message is not None
    assert len(message.type) == frames.TYPE_BYTES_MAX
