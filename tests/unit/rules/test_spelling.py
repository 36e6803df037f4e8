"""Words that were perhaps meant."""

import pytest

from sensu.rules.spelling import did_you_mean, edits, nearest


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("intervall", ["interval", "timeout"], "interval"),
        ("chekcs", ["Check", "checks"], "checks"),
        ("nmae", ["name"], "name"),
        ("handler", ["handlers", "HandlerSet"], "handlers"),
        ("Nope", ["Role", "Hook"], ""),
        ("nonsense", ["checks"], ""),
        ("db", ["ab"], ""),
        ("interval", ["interval"], ""),
        ("", ["a"], ""),
    ],
)
def test_only_a_near_word_is_suggested(word: str, known: list[str], meant: str) -> None:
    """A letter or two make a mistake; words that differ more are others, and short ones tell too little."""
    assert nearest(word, known) == meant
    assert did_you_mean(word, known) == (f'; did you mean "{meant}"?' if meant else "")


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [
        ("", "", 0),
        ("a", "", 1),
        ("ab", "ba", 1),
        ("tcp", "tpc", 1),
        ("cat", "act", 1),
        ("check", "chcek", 1),
        ("ab", "cd", 2),
    ],
)
def test_letters_that_changed_places_are_one_mistake(one: str, other: str, count: int) -> None:
    """The number is the same in both directions."""
    assert edits(one, other) == edits(other, one) == count


def test_short_words_are_compared_where_few_are_known() -> None:
    """A caller that knows few words may set the number of letters."""
    assert nearest("tpc", ["tcp", "udp"]) == ""
    assert nearest("tpc", ["tcp", "udp"], 3) == "tcp"
