"""What a writer learns about a commit whose answer was lost."""

import random

import pytest

from sensu.rules.commits_in_doubt import may_be_raised, raised_by, stands


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("seed", range(50))
def test_the_number_tells_whether_the_commit_is_stored(stored: bool, seed: int) -> None:
    """Whichever of the attempts to find out were stored without an answer, the last answer tells it."""
    rng = random.Random(seed)
    known = rng.randrange(1000)
    number = known + stored
    for attempt in range(1, 8):
        assert may_be_raised(number, known, attempt)
        if rng.random() < 0.6:
            number += raised_by(attempt)
            assert stands(number, known) is stored


def test_lost_commits_are_noticed() -> None:
    """A number below the known one, or beyond what this writer can have reached, is not its own."""
    assert not may_be_raised(6, 7, 1)
    assert not may_be_raised(9, 7, 1)
    assert may_be_raised(8, 7, 1)
