"""How long a socket is waited for."""

import socket
from collections.abc import Iterator

import pytest

from sensu.client.socket_reader import SocketReader


class Time:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two connected sockets."""
    one, other = socket.socketpair()
    with one, other:
        yield one, other


def test_an_answer_that_drips_is_too_slow(pair: tuple[socket.socket, socket.socket]) -> None:
    """The time is for all of an answer, so a byte now and then does not prolong it; the next answer has its own."""
    ours, theirs = pair
    time = Time()
    reader = SocketReader(ours, 2.0, clock=time)
    for _ in range(2):
        reader.begin()
        theirs.sendall(b"x")
        assert reader.read(1) == b"x"
        time.now += 2.0
        theirs.sendall(b"y")
        with pytest.raises(TimeoutError):
            reader.read(1)
        reader.begin()
        assert reader.read(1) == b"y"


def test_a_stream_may_go_on_for_ever(pair: tuple[socket.socket, socket.socket]) -> None:
    """Only its silence counts."""
    ours, theirs = pair
    time = Time()
    reader = SocketReader(ours, 0.05, whole=False, clock=time)
    for _ in range(3):
        theirs.sendall(b"x")
        assert reader.read(1) == b"x"
        time.now += 60.0
    with pytest.raises(TimeoutError):
        reader.read(1)


def test_without_a_time_limit_the_end_ends_it(pair: tuple[socket.socket, socket.socket]) -> None:
    """None waits for as long as it takes."""
    ours, theirs = pair
    theirs.sendall(b"all")
    theirs.close()
    assert SocketReader(ours, None).readall() == b"all"
