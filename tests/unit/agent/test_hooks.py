import pytest

from sensu.agent import hooks
from sensu.resources.hook import HookConfig
from sensu.resources.metadata import ObjectMeta

LISTS = (
    {"0": ("h0",)},
    {"ok": ("h0",)},
    {"1": ("h1",)},
    {"warning": ("h1", "hn")},
    {"critical": ("h2",)},
    {"non-zero": ("hn",)},
    {"unknown": ("hu",)},
    {"5": ("hu", "h2")},
)


@pytest.mark.parametrize(
    ("status", "names"),
    [(0, ["h0"]), (1, ["h1", "hn"]), (2, ["h2", "hn"]), (3, ["hn", "hu"]), (5, ["hn", "hu", "h2"])],
)
def test_hooks_by_status(status: int, names: list[str]) -> None:
    """All hooks of the lists that fit a status run, in their order, each once."""
    assert hooks.names_for(LISTS, status) == names


def test_hooks_that_were_not_sent() -> None:
    """A hook that does not exist is stood in for where the request has hooks at all; else nothing runs."""
    known = HookConfig(metadata=ObjectMeta(name="a"))
    assert hooks.chosen(["a", "gone"], [known]) == [("a", known), ("gone", None)]
    assert hooks.chosen(["gone"], [known]) == [("gone", None)]
    assert hooks.chosen(["gone"], None) == []
    assert hooks.chosen([], [known]) == []


def test_an_invalid_hook_says_why() -> None:
    """A hook without a time-out is not run and says so."""
    text = hooks.problem_text(HookConfig(metadata=ObjectMeta(name="a", namespace="default"), command="x"))
    assert text is not None
    assert text == 'hook a: hook "a" is invalid: hook timeout must be greater than 0\n'
