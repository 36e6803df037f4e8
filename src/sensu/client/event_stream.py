"""Server-sent events: what a stream of lines says.

Source: the HTML standard, "Server-sent events"; docs/api.md, "Following a list".
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

DATA_BYTES_MAX = 16 * 1024 * 1024


class ServerSentEvent(NamedTuple):
    """One event: its type, its data, and the id to come back with; a sign of life has no type."""

    type: str
    data: str
    id: str = ""


def server_sent_events(lines: Iterable[bytes]) -> Iterator[ServerSentEvent]:
    """The events of a stream, and a sign of life for each block without one; raises ValueError for too long a one."""
    type_, id_, data, size = "", "", list[str](), 0
    for raw in lines:
        line = raw.decode("utf-8", "replace").rstrip("\r\n")
        if not line:
            yield ServerSentEvent(type_, "\n".join(data), id_)
            type_, data, size = "", [], 0
            continue
        size += len(raw)
        if size > DATA_BYTES_MAX:
            raise ValueError("the stream has too long an event")
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            type_ = value
        elif field == "data":
            data.append(value)
        elif field == "id":
            id_ = value
