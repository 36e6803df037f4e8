"""Bounds for HTTP servers whose clients send requests without waiting for answers (pipelining)."""

PIECE_BYTES = 512
"""How much is parsed at once of data that may hold several requests."""


def first_piece(data: bytes) -> bytes:
    """As much of what a client sent as should be parsed at once: all of it, unless it may hold several requests."""
    if len(data) > PIECE_BYTES and data.count(b"\n\r\n") + data.count(b"\n\n") > 1:
        return data[:PIECE_BYTES]
    return data
