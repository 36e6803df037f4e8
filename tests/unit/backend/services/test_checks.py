"""Hooks of checks, added and removed by status."""

from sensu.backend.services.checks import with_hooks, without_hook


def test_a_hook_is_added_once_and_behind_the_others() -> None:
    """Adding hooks of a status that has some keeps their order and makes no doubles."""
    lists = ({"critical": ("ps",)}, {"2": ("free",)})
    assert with_hooks(lists, {"critical": ["top", "ps"]}) == ({"critical": ("ps", "top")}, {"2": ("free",)})


def test_a_new_status_comes_last() -> None:
    """A status without hooks so far gets a list of its own."""
    assert with_hooks(({"critical": ("ps",)},), {"ok": ["w"]}) == ({"critical": ("ps",)}, {"ok": ("w",)})
    assert with_hooks((), {"ok": None}) == ({"ok": None},)


def test_many_statuses_are_added_in_no_time() -> None:
    """As many statuses as fit into a request take no longer than reading them, whatever the check has already."""
    many = {f"s{number}": (f"h{number}",) for number in range(20_000)}
    lists = with_hooks((), many)
    assert len(lists) == 20_000
    assert with_hooks(lists, many) == lists


def test_a_status_goes_with_its_last_hook() -> None:
    """Removing the only hook of a status leaves no empty list behind."""
    assert without_hook(({"critical": ("ps", "top")}, {"2": ("free",)}), "2", "free") == ({"critical": ("ps", "top")},)
    assert without_hook(({"critical": ("ps", "top")},), "critical", "ps") == ({"critical": ("top",)},)


def test_a_hook_that_is_not_there_cannot_be_removed() -> None:
    """Neither another status nor another name counts."""
    assert without_hook(({"critical": ("ps",)},), "ok", "ps") is None
    assert without_hook(({"critical": ("ps",)},), "critical", "top") is None
