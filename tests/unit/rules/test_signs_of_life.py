"""Who is taken for dead, and who may act."""

from sensu.rules.signs_of_life import SILENT_PAIRS, VALID_S, Sight, is_unreached, seen, valid_until


class Observer:
    """Reads the signs of life of others."""

    def __init__(self) -> None:
        self.sights: dict[int, Sight] = {}

    def read(self, now: float, **beats: int) -> None:
        """Read (`m1=7`: member 1 gave its seventh sign)."""
        self.sights = seen(self.sights, [(int(name[1:]), beat) for name, beat in beats.items()], now)

    def silent(self) -> set[int]:
        """The members that are taken for dead."""
        return {member for member, sight in self.sights.items() if sight.is_silent}


def test_a_member_whose_sign_stays_the_same_is_taken_for_dead() -> None:
    """After ten pairs of reads with the same sign a member is silent; one that gives signs is not."""
    observer = Observer()
    for second in range(SILENT_PAIRS):
        observer.read(second, m1=7, m2=second)
    assert observer.silent() == set()
    observer.read(SILENT_PAIRS, m1=7, m2=SILENT_PAIRS)
    assert observer.silent() == {1}


def test_one_sign_is_enough() -> None:
    """A member that gave one sign of life is counted from there."""
    observer = Observer()
    for second in range(15):
        observer.read(second, m1=second // 9)
    assert observer.silent() == set()


def test_reads_in_quick_succession_take_nobody_for_dead() -> None:
    """However often an observer reads within a second, the others have time to give a sign of life."""
    observer = Observer()
    for number in range(600):
        observer.read(number / 100, m1=7)
    assert observer.silent() == set()
    for second in range(6, 11):
        observer.read(second, m1=7)
    assert observer.silent() == {1}


def test_an_observer_that_was_frozen_takes_nobody_for_dead() -> None:
    """A pause of the observer, however long, counts for nothing."""
    observer = Observer()
    observer.read(0, m1=7)
    observer.read(1000, m1=7)
    for pause in range(1, 9):
        observer.read(1000 + pause, m1=7)
    assert observer.silent() == set()


def test_a_database_that_restarts_again_and_again_hides_no_death() -> None:
    """Pauses between reads do not start the count again."""
    observer = Observer()
    for start in range(0, 40, 8):
        for second in range(3):
            observer.read(start + second, m1=7)
    assert observer.silent() == {1}


def test_a_member_that_is_gone_is_forgotten() -> None:
    """Only members that were read last are known."""
    observer = Observer()
    observer.read(0, m1=1, m2=1)
    observer.read(1, m2=2)
    assert observer.sights.keys() == {2}


def test_a_member_stops_before_others_take_it_for_dead() -> None:
    """The validity that a sign of life gives is over before it can have been seen unchanged often enough."""
    assert valid_until(100.0) == 100.0 + VALID_S
    assert VALID_S < SILENT_PAIRS - 1


def test_a_member_that_starts_is_given_time() -> None:
    """One that was never connected may still be loading, and is not reported as soon as one whose line broke."""
    assert is_unreached(11, met=True)
    assert not is_unreached(9, met=True)
    assert not is_unreached(11, met=False)
    assert is_unreached(61, met=False)
