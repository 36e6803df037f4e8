"""The files of the journal: sequences of records with checksums. All functions block.

A record is `crc32, length, kind, time` (little endian) and its payload; the checksum covers everything after it. A
record with a wrong checksum ends the file, because the start of the next record is unknown.
"""

import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

EVENT, SETTLED = 1, 2
"""The kinds of records: the JSON of an event, and ranges of numbers of settled events."""

SUFFIX = ".journal"
_HEAD = struct.Struct("<IIBd")
OVERHEAD_BYTES = _HEAD.size
_AFTER_CHECKSUM = 4
_RANGE = struct.Struct("<QQ")


class Record(NamedTuple):
    """A record and the offset of the next one."""

    kind: int
    at: float
    payload: bytes
    end: int


def record(kind: int, at: float, payload: bytes) -> bytes:
    """The bytes of a record."""
    head = _HEAD.pack(0, len(payload), kind, at)[_AFTER_CHECKSUM:]
    return zlib.crc32(payload, zlib.crc32(head)).to_bytes(_AFTER_CHECKSUM, "little") + head + payload


def records(data: bytes, start: int = 0) -> Iterator[Record]:
    """The records in `data` from an offset on, up to the first damaged or incomplete one."""
    while start + _HEAD.size <= len(data):
        checksum, length, kind, at = _HEAD.unpack_from(data, start)
        end = start + _HEAD.size + length
        if end > len(data) or zlib.crc32(memoryview(data)[start + _AFTER_CHECKSUM : end]) != checksum:
            return
        yield Record(kind, at, data[start + _HEAD.size : end], end)
        start = end


def ranges_payload(numbers: Sequence[int]) -> bytes:
    """The payload of a `SETTLED` record; `numbers` in ascending order."""
    found: list[list[int]] = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return b"".join(_RANGE.pack(first, last) for first, last in found)


def ranges(payload: bytes) -> Iterator[tuple[int, int]]:
    """The first and last number of each range in the payload of a `SETTLED` record."""
    whole = len(payload) - len(payload) % _RANGE.size
    yield from _RANGE.iter_unpack(payload[:whole])


@dataclass(slots=True)
class Segment:
    """One file of the journal; its events are numbered from `first` on."""

    path: Path
    first: int
    events: int = 0
    size_bytes: int = 0
    newest_at: float = 0.0
    done: set[int] = field(default_factory=set)
    """Numbers that earlier processes settled; reading skips them."""
    unsettled: int = 0

    @property
    def end(self) -> int:
        """The number after the last event of the file."""
        return self.first + self.events

    def read_from(self, offset: int, bytes_max: int) -> bytes:
        """Read bytes of the file; raises OSError."""
        with self.path.open("rb", buffering=0) as file:
            return os.pread(file.fileno(), bytes_max, offset)


def path_of(folder: Path, first: int) -> Path:
    """The path of the segment whose first event has the given number."""
    return folder / f"{first:016x}{SUFFIX}"


def first_number(path: Path) -> int | None:
    """The number in a segment's file name, or None for another file."""
    try:
        return int(path.name.removesuffix(SUFFIX), 16) if path.name.endswith(SUFFIX) else None
    except ValueError:
        return None
