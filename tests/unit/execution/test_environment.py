from sensu.execution.environment import merged, pairs


def test_later_sources_win() -> None:
    """A variable of a later source replaces that of an earlier one."""
    assert merged({"A": "1", "B": "1"}, [("A", "2")], [("A", "3")]) == {"A": "3", "B": "1"}


def test_folder_lists_are_put_in_front() -> None:
    """PATH, LD_LIBRARY_PATH and CPATH are not replaced: the later source stands in front."""
    result = merged({"PATH": "/bin"}, [("PATH", "/a"), ("CPATH", "/c")], [("PATH", "/b")])
    assert result == {"PATH": "/b:/a:/bin", "CPATH": "/c:"}


def test_assignments() -> None:
    """Values may hold equal signs; what is no assignment is left out."""
    assert pairs(["A=b=c", "nonsense", "=x", "E="]) == [("A", "b=c"), ("E", "")]
    assert pairs(None) == []
