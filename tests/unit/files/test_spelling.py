"""Words that were perhaps meant."""

import pytest

from sensu.files.spelling import did_you_mean, nearest


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("intervall", ["interval", "timeout"], "interval"),
        ("chekcs", ["Check", "checks"], "checks"),
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
