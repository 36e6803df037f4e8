"""The queue of unsent events on disk: append-only files with checksums.

An event is written when it is accepted, and marked as settled when it is stored, refused or dropped. A file is removed
when all its events are settled. Writes are not flushed to the disk: they survive any end of this process, but a loss of
power may lose the last seconds. Damage in a file loses only the events behind it in that file.

When the journal is full, its oldest file is dropped. After a write error, writing is tried again every `RETRY_S`.
"""

import contextlib
import fcntl
import logging
import os
from bisect import bisect_right
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from sensu.agent.journal_clock import JournalClock
from sensu.agent.journal_segment import (
    EVENT,
    SETTLED,
    Segment,
    first_number,
    path_of,
    ranges,
    ranges_payload,
    record,
    records,
)
from sensu.clock import Clock
from sensu.log import fields

log = logging.getLogger("sensu.agent")

SEGMENT_BYTES = 4 * 1024 * 1024
"""The size at which a new file is started; smaller if the journal itself is small."""
SEGMENTS_IN_BOUND = 8
READ_BYTES = 256 * 1024
"""How much is read at once; more if a single event is larger."""
RETRY_S = 10.0

Lost = Callable[[str, int], None]
"""Called with the reason and the number of events that are dropped without having been sent."""


class JournalEntry(NamedTuple):
    """An event in the journal; `at` is when it was accepted (`Clock.monotonic`, negative for earlier boots)."""

    number: int
    at: float
    payload: bytes


class Journal:
    """A queue of payloads on disk: `append`, `read` each once, `settle`. One process at a time.

    All times are from `Clock.monotonic`, so setting the wall clock does not make an event old.
    """

    def __init__(self, folder: Path, bytes_max: int, age_max_s: float, lost: Lost, clock: Clock) -> None:
        """Use `open_journal` instead."""
        self._times = JournalClock(folder / "clock", clock)
        self._folder, self._bytes_max, self._age_max_s, self._lost = folder, bytes_max, age_max_s, lost
        self._segment_bytes = max(min(SEGMENT_BYTES, bytes_max // SEGMENTS_IN_BOUND), 1)
        self._segments: list[Segment] = []
        self._fd = -1
        self._lock_fd = -1
        self._last_at = 0.0
        self._retry_at = 0.0
        self._is_failing = False
        self._next_number = 1
        self._read_in: Segment | None = None
        self._read_number = 1
        self._read_offset = 0
        self.unread = 0
        self.size_bytes = 0

    def append(self, payload: bytes, at: float, now: float) -> int | None:
        """Write an event that was accepted at the time `at` and return its number; None if the disk fails."""
        self._expire(now)
        blob = record(EVENT, self._times.written(at), payload)
        if len(blob) > self._bytes_max:
            return None
        while self._segments and self.size_bytes + len(blob) > self._bytes_max:
            self._remove_oldest("size")
        if not self._write(blob, now):
            return None
        segment = self._segments[-1]
        segment.events += 1
        segment.unsettled += 1
        segment.newest_at = max(segment.newest_at, self._times.written(at))
        self.unread += 1
        self._next_number += 1
        return self._next_number - 1

    def pass_over(self) -> None:
        """Mark everything written so far as read."""
        self._read_number, self.unread = self._next_number, 0
        self._read_in = self._segments[-1] if self._segments else None
        self._read_offset = self._read_in.size_bytes if self._read_in is not None else 0

    def read(self) -> list[JournalEntry]:
        """The next events in order; empty if there are none."""
        found: list[JournalEntry] = []
        while self.unread > 0 and not found:
            segment = self._segment_of(self._read_number)
            if segment is None:
                self.unread = 0
                break
            if segment is not self._read_in:
                self._read_in, self._read_number, self._read_offset = segment, segment.first, 0
            found = self._read_some(segment)
        self.unread -= len(found)
        return found

    def settle(self, numbers: Sequence[int], now: float) -> None:
        """Mark events as settled; unknown numbers are ignored."""
        known = []
        for number in sorted(numbers):
            segment = self._segment_of(number)
            if segment is not None and number >= segment.first and number not in segment.done:
                segment.unsettled -= 1
                known.append(number)
        self._remove_settled()
        if known and self._segments and self._segments[0].first <= known[-1]:
            self._write(record(SETTLED, self._times.written(now), ranges_payload(known)), now)

    def close(self) -> None:
        """Close the files and remove those without unsettled events."""
        self._close_current()
        self._remove_settled()
        if self._lock_fd >= 0:
            self._times.note()
            os.close(self._lock_fd)
            self._lock_fd = -1

    def open(self, lock_fd: int) -> None:
        """Load the files of earlier processes; raises OSError."""
        self._lock_fd = lock_fd
        paths = {number: path for path in self._folder.iterdir() if (number := first_number(path)) is not None}
        for first in sorted(paths):
            self._take_over(Segment(paths[first], max(first, self._next_number)))
        self._times.go_on(self._last_at)
        for segment in self._segments:
            segment.unsettled = segment.events - len(segment.done)
            self.unread += segment.unsettled
        self._remove_settled()
        self._read_number = self._segments[0].first if self._segments else self._next_number
        while len(self._segments) > 1 and self.size_bytes > self._bytes_max:
            self._remove_oldest("size")

    def _take_over(self, segment: Segment) -> None:
        data, good_bytes = segment.path.read_bytes(), 0
        settled: list[tuple[int, int]] = []
        for found in records(data):
            good_bytes = found.end
            self._last_at = max(self._last_at, found.at)
            if found.kind == EVENT:
                segment.events += 1
                segment.newest_at = max(segment.newest_at, found.at)
            elif found.kind == SETTLED:
                settled += ranges(found.payload)
        if good_bytes < len(data):
            log.warning(
                "the journal is damaged, the rest of a file is skipped",
                extra=fields(file=segment.path.name, lost_bytes=len(data) - good_bytes),
            )
        segment.size_bytes = len(data)
        segment.unsettled = segment.events
        self.size_bytes += len(data)
        self._segments.append(segment)
        self._next_number = segment.end
        for first, last in settled:
            self._note_done(first, last)

    def _note_done(self, first: int, last: int) -> None:
        for segment in self._segments:
            segment.done.update(range(max(first, segment.first), min(last + 1, segment.end)))

    def _segment_of(self, number: int) -> Segment | None:
        """The segment that contains a number, or the next segment after it."""
        at = max(bisect_right(self._segments, number, key=lambda segment: segment.first) - 1, 0)
        while at < len(self._segments) and number >= self._segments[at].end:
            at += 1
        return self._segments[at] if at < len(self._segments) else None

    def _read_some(self, segment: Segment) -> list[JournalEntry]:
        """Read the next records; if a segment cannot be read, the rest of it is dropped."""
        found, offset = [], self._read_offset
        try:
            data = segment.read_from(offset, READ_BYTES)
            entries = list(records(data)) or list(records(segment.read_from(offset, self._bytes_max)))
        except OSError as error:
            log.error("the journal cannot be read", extra=fields(file=segment.path.name, error=_why(error)))
            entries = []
        for entry in entries:
            self._read_offset = offset + entry.end
            if entry.kind != EVENT:
                continue
            number = self._read_number
            self._read_number += 1
            if number not in segment.done:
                found.append(JournalEntry(number, self._times.read(entry.at), entry.payload))
        if not entries:
            self._give_up(segment)
        return found

    def _give_up(self, segment: Segment) -> None:
        lost = [n for n in range(self._read_number, segment.end) if n not in segment.done]
        self._read_number, self._read_in = segment.end, None
        segment.unsettled -= len(lost)
        segment.done.update(lost)
        self.unread -= len(lost)
        self._lost("damage", len(lost))

    def _write(self, blob: bytes, now: float) -> bool:
        """Write a record; returns whether all of it was written."""
        if self._is_failing and self._retry_at - RETRY_S <= now < self._retry_at:
            return False
        try:
            if self._fd < 0 or self._segments[-1].size_bytes >= self._segment_bytes:
                self._begin_segment()
            written_bytes = os.write(self._fd, blob)
            if written_bytes < len(blob):
                raise OSError(None, f"only {written_bytes} of {len(blob)} bytes were written")
        except OSError as error:
            self._fail(error, now)
            return False
        self._segments[-1].size_bytes += len(blob)
        self.size_bytes += len(blob)
        if self._is_failing:
            self._is_failing = False
            log.warning("the journal can be written again")
        return True

    def _begin_segment(self) -> None:
        self._close_current()
        self._remove_settled()
        if self._segments and not self._segments[-1].size_bytes:
            self._segments.pop()  # nothing could be written to it: start it again
        elif self._segments and self._segments[-1].first == self._next_number:
            self._next_number += 1  # it contains only settlements and keeps its name
        path = path_of(self._folder, self._next_number)
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        self._segments.append(Segment(path, self._next_number))

    def _fail(self, error: OSError, now: float) -> None:
        """Handle a write error: cut off a partial record and pause writing."""
        self._retry_at = now + RETRY_S
        if not self._is_failing:
            self._is_failing = True
            log.error(
                "the journal cannot be written, events are kept in memory until it can be",
                extra=fields(folder=str(self._folder), error=_why(error)),
            )
        if self._fd >= 0:
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, self._segments[-1].size_bytes)
            self._close_current()

    def _close_current(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _expire(self, now: float) -> None:
        before = self._times.written(now) - self._age_max_s
        while self._segments and self._segments[0].newest_at and self._segments[0].newest_at < before:
            self._remove_oldest("age")

    def _remove_settled(self) -> None:
        """Remove the oldest files without unsettled events, except the current file."""
        while self._segments and self._segments[0].unsettled <= 0 and (len(self._segments) > 1 or self._fd < 0):
            self._drop_oldest()

    def _remove_oldest(self, why: str) -> None:
        segment = self._segments[0]
        unread = [n for n in range(max(self._read_number, segment.first), segment.end) if n not in segment.done]
        self.unread -= len(unread)
        if unread:
            self._lost(why, len(unread))
        self._drop_oldest()

    def _drop_oldest(self) -> None:
        segment = self._segments.pop(0)
        if not self._segments:
            self._close_current()
        self.size_bytes -= segment.size_bytes
        self._read_number = max(self._read_number, segment.end)
        if self._read_in is segment:
            self._read_in = None
        with contextlib.suppress(OSError):
            segment.path.unlink(missing_ok=True)


def open_journal(folder: Path, bytes_max: int, age_max_s: float, lost: Lost, clock: Clock) -> Journal | None:
    """Open the journal in `folder` with the events of earlier processes; None if it cannot be used."""
    lock_fd = -1
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock_fd = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        journal = Journal(folder, bytes_max, age_max_s, lost, clock)
        journal.open(lock_fd)
    except OSError as error:
        why = "another agent uses it" if isinstance(error, BlockingIOError) else _why(error)
        log.error("the journal cannot be used, events are kept in memory", extra=fields(folder=str(folder), error=why))
        if lock_fd >= 0:
            os.close(lock_fd)
        return None
    if journal.unread:
        log.info("unsent events of an earlier run are queued", extra=fields(events=journal.unread))
    return journal


def _why(error: OSError) -> str:
    return (error.strerror or str(error) or type(error).__name__).lower()
