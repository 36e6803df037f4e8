import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensu.agent.journal import RETRY_S, Journal, JournalEntry, open_journal
from sensu.agent.journal_segment import EVENT, OVERHEAD_BYTES, record, records
from sensu.testing.virtual_clock import VirtualClock

NOW = 1_700_000_000.0
CLOCK = VirtualClock(NOW)
MIB = 1024 * 1024


class Log:
    """A journal that is opened again and again, as by one process after the other."""

    def __init__(self, folder: Path, bytes_max: int = MIB, age_max_s: float = 3600.0) -> None:
        self.folder, self.bytes_max, self.age_max_s = folder, bytes_max, age_max_s
        self.lost: list[tuple[str, int]] = []
        self.journal = self.reopened()

    def reopened(self) -> Journal:
        """The journal as the next process finds it: the one before was killed, its lock gone with it."""
        if hasattr(self, "journal"):
            os.close(self.journal._lock_fd)  # what the end of a process does
        journal = open_journal(
            self.folder, self.bytes_max, self.age_max_s, lambda why, count: self.lost.append((why, count)), CLOCK
        )
        assert journal is not None
        self.journal = journal
        return journal

    def write(self, *payloads: str, at: float = NOW) -> list[int]:
        numbers = [self.journal.append(payload.encode(), at, at) for payload in payloads]
        assert None not in numbers
        return [number for number in numbers if number is not None]

    def rest(self) -> list[str]:
        return [entry.payload.decode() for entry in everything(self.journal)]

    def files(self) -> list[Path]:
        return sorted(self.folder.glob("*.journal"))


def everything(journal: Journal) -> Iterator[JournalEntry]:
    while found := journal.read():
        yield from found
    assert journal.unread == 0


def test_what_is_written_is_read_in_order(tmp_path: Path) -> None:
    """Events come out once, in their order, with their numbers and times."""
    log = Log(tmp_path)
    numbers = log.write("a", "b", "c")
    assert [(e.number, e.at, e.payload) for e in everything(log.journal)] == [
        (number, NOW, payload) for number, payload in zip(numbers, (b"a", b"b", b"c"), strict=True)
    ]
    log.write("d")
    assert log.rest() == ["d"]


def test_a_killed_agent_loses_nothing(tmp_path: Path) -> None:
    """After the end of a process in any way, the next finds all that was not settled, in order."""
    log = Log(tmp_path)
    numbers = log.write("a", "b", "c", "d")
    log.journal.settle([numbers[2], numbers[0]], NOW)
    log.reopened()
    assert log.rest() == ["b", "d"]
    log.reopened()
    log.write("e")
    assert log.rest() == ["b", "d", "e"]


def test_settled_files_are_removed(tmp_path: Path) -> None:
    """A file goes when all in it is settled, and an idle journal that is closed leaves none."""
    log = Log(tmp_path, bytes_max=8 * 1000)
    numbers = log.write(*("x" * 400 for _ in range(10)))
    assert len(log.files()) >= 4
    log.journal.settle(numbers[:-1], NOW)
    assert len(log.files()) == 1
    log.journal.settle(numbers[-1:], NOW)
    log.journal.close()
    assert log.files() == []


def test_the_oldest_goes_when_it_is_full(tmp_path: Path) -> None:
    """The journal never outgrows its bound; the oldest events are given up and counted."""
    log = Log(tmp_path, bytes_max=10_000)
    for number in range(1000):
        log.write(f"{number:04}" + "x" * 96)
        assert sum(path.stat().st_size for path in log.files()) <= 10_000
    rest = [int(payload[:4]) for payload in log.rest()]
    assert rest == list(range(1000 - len(rest), 1000))
    assert len(rest) > 60
    assert sum(count for why, count in log.lost if why == "size") == 1000 - len(rest)


def test_an_event_larger_than_the_journal_is_not_taken(tmp_path: Path) -> None:
    """What can never fit does not cost what is there."""
    log = Log(tmp_path, bytes_max=1000)
    log.write("a")
    assert log.journal.append(b"x" * 1001, NOW, NOW) is None
    assert log.rest() == ["a"]


def test_old_files_are_given_up(tmp_path: Path) -> None:
    """A file whose events are all too old goes with the next event."""
    log = Log(tmp_path, bytes_max=8 * 100, age_max_s=60)
    log.write("a" * 90, "b" * 90)
    log.write("c" * 90, at=NOW + 61)
    assert log.rest() == ["c" * 90]
    assert log.lost == [("age", 1), ("age", 1)]


def test_large_events_are_read_whole(tmp_path: Path) -> None:
    """An event that is larger than one reading comes out as it went in."""
    log = Log(tmp_path, bytes_max=8 * MIB)
    log.write("a", "x" * 600_000, "b")
    assert log.rest() == ["a", "x" * 600_000, "b"]


@pytest.mark.parametrize("cut", [1, 5, OVERHEAD_BYTES, 40])
def test_a_cut_off_end_costs_the_last_event(tmp_path: Path, cut: int) -> None:
    """A record that was written in part is passed over; new events follow what was whole."""
    log = Log(tmp_path)
    log.write("a", "b", "c" * 30)
    [file] = log.files()
    os.truncate(file, file.stat().st_size - cut)
    log.reopened()
    log.write("d")
    assert log.rest() == ["a", "b", "d"]


def test_zeros_at_the_end_are_no_events(tmp_path: Path) -> None:
    """A file that a loss of power left with zeros at its end is read up to them."""
    log = Log(tmp_path)
    log.write("a", "b")
    [file] = log.files()
    with file.open("ab") as end:
        end.write(bytes(4096))
    log.reopened()
    assert log.rest() == ["a", "b"]


@settings(max_examples=200)
@given(st.binary(max_size=400), st.integers(0, 400))
def test_no_damage_is_fatal(tmp_path_factory: pytest.TempPathFactory, noise: bytes, at: int) -> None:
    """Whatever stands in a file, the journal opens, yields whole events only, and takes new ones."""
    log = Log(tmp_path_factory.mktemp("journal"))
    known = {"a" * 20, "b" * 20, "c" * 20, "new"}
    log.write("a" * 20, "b" * 20, "c" * 20)
    [file] = log.files()
    content = file.read_bytes()
    file.write_bytes(content[:at] + noise + content[at + len(noise) :])
    log.reopened()
    log.write("new")
    rest = log.rest()
    assert set(rest) <= known
    assert rest[-1] == "new"


def test_a_file_that_vanishes_is_counted(tmp_path: Path) -> None:
    """Where someone clears the folder under a running agent, it goes on, and counts what is gone."""
    log = Log(tmp_path, bytes_max=8 * 100)
    log.write("a" * 90, "b" * 90)
    log.files()[0].unlink()
    assert log.rest() == ["b" * 90]
    assert log.lost == [("damage", 1)]


def test_a_second_agent_gets_no_journal(tmp_path: Path) -> None:
    """Two agents never write one journal; a folder that cannot be made yields none either."""
    log = Log(tmp_path / "j")
    assert open_journal(tmp_path / "j", MIB, 60, lambda _why, _count: None, CLOCK) is None
    log.journal.close()
    (tmp_path / "file").touch()
    assert open_journal(tmp_path / "file" / "j", MIB, 60, lambda _why, _count: None, CLOCK) is None


def test_a_disk_that_takes_nothing(tmp_path: Path) -> None:
    """While files cannot be made the journal says no, and later it works again."""
    log = Log(tmp_path / "j", bytes_max=800)
    log.write("a" * 90)
    (tmp_path / "j").rename(tmp_path / "away")
    assert log.journal.append(b"b" * 90, NOW, NOW) is None
    (tmp_path / "away").rename(tmp_path / "j")
    assert log.journal.append(b"b" * 90, NOW, NOW + RETRY_S / 2) is None
    log.write("c" * 90, at=NOW + RETRY_S)
    assert log.rest() == ["a" * 90, "c" * 90]


def test_settlements_outlive_the_file_they_are_in(tmp_path: Path) -> None:
    """Notes of settled events stay as long as an older event waits, however many files they fill."""
    log = Log(tmp_path, bytes_max=8 * 200)
    [old] = log.write("old")
    for _ in range(20):
        log.journal.settle(log.write("x"), NOW)
    log.reopened()
    assert log.rest() == ["old"]
    log.journal.settle([old], NOW)
    log.reopened()
    assert log.rest() == []


def test_many_lives(tmp_path: Path) -> None:
    """Through writing, reading, settling and kills in any order, each event is there until it is settled."""
    chance = random.Random(5)
    log = Log(tmp_path, bytes_max=8 * 2000)
    waiting: dict[str, int] = {}
    read: list[tuple[str, int]] = []
    for step in range(3000):
        match chance.randrange(12):
            case 0 | 1 | 2 | 3 if len(waiting) < 60:
                name = f"event {step} " + "x" * chance.randrange(60)
                [waiting[name]] = log.write(name)
                if log.journal.unread == 1 and chance.random() < 0.5:
                    log.journal.pass_over()
                    read.append((name, waiting[name]))
            case 4 | 5 | 6:
                read += [(entry.payload.decode(), entry.number) for entry in log.journal.read()]
            case 7 | 8 | 9 | 10:
                gone = [read.pop(chance.randrange(len(read))) for _ in range(min(len(read), 3))]
                assert all(waiting.pop(name) == number for name, number in gone)
                log.journal.settle([number for _, number in gone], NOW)
            case 11:
                log.reopened()
                read = []
                assert log.journal.unread == len(waiting)
        assert [name for name, _ in read] == sorted((n for n, _ in read), key=lambda n: waiting[n])
    log.reopened()
    assert log.rest() == sorted(waiting, key=lambda n: waiting[n])
    assert log.lost == []


def test_records_end_at_the_first_bad_one() -> None:
    """A record whose bytes do not fit its checksum hides what is behind it, and nothing before."""
    good = record(EVENT, NOW, b"one")
    bad = bytearray(record(EVENT, NOW, b"two"))
    bad[-1] ^= 1
    found = list(records(good + bytes(bad) + good))
    assert [entry.payload for entry in found] == [b"one"]
