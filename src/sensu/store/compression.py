"""The stored form of large bodies: as they were written, or compressed with a dictionary that the database keeps.

A compressed body is a zstd frame, whose header has the id of its dictionary; JSON cannot begin like one. Dictionaries
are never deleted, so that every body stays readable. A writer trains one when it has written enough bodies, and another
one when bodies have changed so much that the one in use compresses them badly. Many bodies are compressed in one call,
because each call gives up the interpreter lock.
"""

import logging
import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

import zstandard

from sensu.errors import StoreError
from sensu.log import fields
from sensu.store.group import CommitGroup
from sensu.store.values import EventKey

logger = logging.getLogger(__name__)

KINDS = EVENTS, AUDIT = "events", "audit"
"""The kinds of bodies that are compressed, each with its own dictionaries."""

LEVEL = 1
DICTIONARY_BYTES = 32 * 1024
DICTIONARIES_MAX = 64
"""With this many dictionaries of a kind in the database, no other is trained."""

SAMPLES = 1000
SAMPLE_BYTES_MAX = 16 * 1024
BODIES_FOR_A_SAMPLE = {EVENTS: 5, AUDIT: 1}
WORSE = 1.5
"""Bodies that take this many times what they took at first need another dictionary."""
WELL = 0.2
"""Bodies that take at most this part of their size never do."""
BETTER = 0.7
"""A dictionary is used if bodies then take at most this part of what they take without it."""
TRIED = 100
"""The number of samples that are not trained with, but compressed to see whether a dictionary is of use."""

COMPRESSED_FROM_BYTES = 200
HEADER_BYTES_MAX = 18
"""The first bytes of a stored body, from which `plain_size` knows its size."""


Row = tuple[Any, ...]
_Buffers = list[bytes | bytearray | memoryview]


class Dictionary(NamedTuple):
    """A dictionary as it is stored; `id` is the one that compressed bodies name."""

    id: int
    body: bytes


class UnknownDictionary(Exception):
    """A body was compressed with a dictionary that was not read yet."""

    def __init__(self, dictionary_id: int) -> None:
        super().__init__(f"dictionary {dictionary_id}")
        self.id = dictionary_id


def plain_size(start: bytes, size: int) -> int:
    """The size of a body as it was written, from the first `HEADER_BYTES_MAX` bytes of its stored form and its size."""
    return zstandard.frame_content_size(start) if start[:4] == zstandard.FRAME_HEADER else size


def rows_within(sizes: Sequence[int], bytes_max: int) -> int:
    """How many rows with bodies of these sizes a page has: it ends with the row that exceeds `bytes_max`."""
    total = 0
    for number, size in enumerate(sizes, 1):
        total += size
        if total >= bytes_max:
            return number
    return len(sizes)


class PlainBodies:
    """Returns bodies from their stored form; for one thread."""

    def __init__(self) -> None:
        self._decompressors: dict[int, zstandard.ZstdDecompressor] = {}

    def add(self, dictionary_id: int, body: bytes | None) -> None:
        """Add a dictionary as the database has it; raises StoreError if it has none."""
        if body is None:
            raise StoreError(f"the database is damaged: dictionary {dictionary_id} of compressed bodies is missing")
        dictionary = zstandard.ZstdCompressionDict(body)
        self._decompressors[dictionary_id] = zstandard.ZstdDecompressor(dict_data=dictionary)

    def in_rows(self, rows: Sequence[Row], column: int) -> Sequence[Row]:
        """The rows with the body in a column as it was written, as `of`; NULL stays."""
        stored = [row[column] or b"" for row in rows]
        plain = self.of(stored)
        if plain is stored:
            return rows
        return [
            row if one is before else (*row[:column], one, *row[column + 1 :])
            for row, before, one in zip(rows, stored, plain, strict=True)
        ]

    def of(self, stored: Sequence[bytes]) -> Sequence[bytes]:
        """The bodies as they were written, in the same order; raises UnknownDictionary, or StoreError for damage."""
        places: dict[int, list[int]] = {}
        for place, body in enumerate(stored):
            if body[:4] == zstandard.FRAME_HEADER:
                places.setdefault(zstandard.get_frame_parameters(body).dict_id, []).append(place)
        if not places:
            return stored
        plain = list(stored)
        for dictionary_id, those in places.items():
            for place, body in zip(those, self._decompressed(dictionary_id, [stored[p] for p in those]), strict=True):
                plain[place] = body
        return plain

    def _decompressed(self, dictionary_id: int, frames: _Buffers) -> list[bytes]:
        """The content of frames that have the same dictionary."""
        decompressor = self._decompressors.get(dictionary_id)
        if decompressor is None:
            raise UnknownDictionary(dictionary_id)
        try:
            if len(frames) == 1:
                return [decompressor.decompress(frames[0])]
            return _segments(decompressor.multi_decompress_to_buffer(frames))
        except zstandard.ZstdError as err:
            raise StoreError(f"the database is damaged: a compressed body cannot be read ({err})") from err


class StoredBodies(NamedTuple):
    """The stored form of the bodies that a group of commits writes."""

    events: dict[EventKey, bytes]
    owed: dict[int, bytes]
    audited: list[bytes]


class Compression:
    """Compresses what a writer stores; for one thread.

    Until there is a dictionary, bodies are stored as they are. The writer stores what `trained` returns, and passes the
    newest stored dictionary of the kinds in `unsettled` to `look`.
    """

    def __init__(self) -> None:
        self._kinds = {kind: _Compressor(kind) for kind in KINDS}

    def of(self, group: CommitGroup) -> StoredBodies:
        """The stored form of a group's bodies."""
        events = {key: put.body for key, put in group.events.items() if put is not None}
        owed = {one.id: one.event for one in group.owed.values()}
        packed = self._kinds[EVENTS].packed([*events.values(), *owed.values()])
        audited = self._kinds[AUDIT].packed([one.body for one in group.audited])
        of_events, of_deliveries = packed[: len(events)], packed[len(events) :]
        return StoredBodies(
            dict(zip(events, of_events, strict=True)), dict(zip(owed, of_deliveries, strict=True)), audited
        )

    @property
    def compresses_events(self) -> bool:
        """Whether there is a dictionary for events."""
        return self._kinds[EVENTS].is_ready

    def of_events(self, bodies: list[bytes]) -> list[bytes]:
        """The stored form of events; those that are compressed already stay as they are."""
        return self._kinds[EVENTS].packed(bodies)

    def trained(self) -> list[tuple[str, Dictionary]]:
        """The dictionaries that must be stored before they are used, with their kinds."""
        return [(kind, one.trained) for kind, one in self._kinds.items() if one.trained is not None]

    def unsettled(self) -> list[str]:
        """The kinds for which another dictionary is wanted."""
        return [kind for kind, one in self._kinds.items() if one.is_unsettled]

    def look(self, kind: str, newest: Dictionary | None, number: int) -> None:
        """Use the newest dictionary of a kind, or train another one; `number` is how many the database has."""
        self._kinds[kind].look(newest, number)


class _Compressor:
    """Compresses bodies of one kind, and notices when that needs another dictionary."""

    def __init__(self, kind: str) -> None:
        self._every = BODIES_FOR_A_SAMPLE[kind]
        self._kind = kind
        self._id: int | None = None
        self._compressor: zstandard.ZstdCompressor | None = None
        self._samples: _Buffers | None = []
        self._seen = 0
        self._training: threading.Thread | None = None
        self.trained: Dictionary | None = None
        self._begin_window()
        self._share = self._share_at_first = 1.0
        """What bodies take, as a part of their size, in the last window and in the first one."""

    def packed(self, bodies: list[bytes]) -> list[bytes]:
        """The stored form of bodies."""
        if self._samples is not None:
            self._sample(self._samples, bodies)
        large = [
            place
            for place, body in enumerate(bodies)
            if len(body) >= COMPRESSED_FROM_BYTES and body[:4] != zstandard.FRAME_HEADER
        ]
        if self._compressor is None or not large:
            return bodies
        stored = list(bodies)
        for place, frame in zip(large, _frames(self._compressor, [bodies[p] for p in large]), strict=True):
            self._bytes_before += len(bodies[place])
            self._bytes_after += len(frame)
            stored[place] = min(frame, bodies[place], key=len)
        self._count(len(large))
        return stored

    def _sample(self, samples: _Buffers, bodies: list[bytes]) -> None:
        first = -self._seen % self._every
        self._seen += len(bodies)
        for body in bodies[first :: self._every]:
            if len(samples) < SAMPLES and COMPRESSED_FROM_BYTES <= len(body) <= SAMPLE_BYTES_MAX:
                samples.append(body)

    def _begin_window(self) -> None:
        self._bytes_before = self._bytes_after = self._compressed = 0

    def _count(self, number: int) -> None:
        """Collect samples for another dictionary if the last bodies are compressed much worse than the first ones."""
        self._compressed += number
        if self._compressed < SAMPLES * self._every:
            return
        self._share = self._bytes_after / self._bytes_before
        self._share_at_first = min(self._share_at_first, self._share)
        if self._share > max(WELL, WORSE * self._share_at_first) and self._samples is None:
            self._samples = []
        self._begin_window()

    @property
    def is_ready(self) -> bool:
        """Whether there is a dictionary."""
        return self._compressor is not None

    @property
    def is_unsettled(self) -> bool:
        """Whether the samples are complete, or a trained dictionary was stored."""
        complete = self._samples is not None and len(self._samples) >= SAMPLES
        return (complete and self._training is None) or self.trained is not None

    def look(self, newest: Dictionary | None, number: int) -> None:
        """Use the newest dictionary if it is another one, or train one if the samples are complete."""
        if newest is not None and newest.id != self._id:
            self._use(newest)
        elif self.trained is None and self._samples and number < DICTIONARIES_MAX:
            self._training = threading.Thread(target=self._train, args=(self._samples,), daemon=True)
            self._training.start()
        elif number >= DICTIONARIES_MAX:
            self._samples = None

    def _use(self, dictionary: Dictionary) -> None:
        data = zstandard.ZstdCompressionDict(dictionary.body)
        data.precompute_compress(level=LEVEL)
        self._id, self._compressor = dictionary.id, zstandard.ZstdCompressor(level=LEVEL, dict_data=data)
        self._samples = self._training = self.trained = None
        self._share = self._share_at_first = 1.0
        self._begin_window()

    def _train(self, samples: _Buffers) -> None:
        """Train in a thread of its own, as it takes a tenth of a second; if it is of no use, try later and later."""
        found = _useful(samples, self._share)
        if found is None:
            samples.clear()
            self._every *= 2
            self._training = None
        else:
            logger.info("stored bodies get a new dictionary", extra=fields(kind=self._kind, dictionary=found.id))
            self.trained = found


def _useful(samples: _Buffers, share: float) -> Dictionary | None:
    """A dictionary from samples, None if it would not improve much on the present `share` of what bodies take."""
    try:
        found = zstandard.train_dictionary(DICTIONARY_BYTES, samples[TRIED:], level=LEVEL)
    except zstandard.ZstdError as err:
        logger.debug("no dictionary was found", extra=fields(reason=str(err)))
        return None
    compressor = zstandard.ZstdCompressor(level=LEVEL, dict_data=found)
    size = sum(len(frame) for frame in _frames(compressor, samples[:TRIED]))
    if size > BETTER * share * sum(len(sample) for sample in samples[:TRIED]):
        return None
    return Dictionary(found.dict_id(), found.as_bytes())


def _frames(compressor: zstandard.ZstdCompressor, bodies: _Buffers) -> list[bytes]:
    if len(bodies) == 1:
        return [compressor.compress(bodies[0])]
    return _segments(compressor.multi_compress_to_buffer(bodies))


def _segments(found: zstandard.BufferWithSegmentsCollection) -> list[bytes]:
    return [found[number].tobytes() for number in range(len(found))]
