"""The comparison engine: what counts as the recorded answer and what does not."""

import pytest

from tests.contract import compare
from tests.contract.compare import Difference, Json


def paths(found: list[Difference]) -> list[str]:
    return [difference.path for difference in found]


@pytest.mark.parametrize(
    ("want", "got"),
    [
        (0, 0.0),
        (1, True),
        (0, None),
        ("1", 1),
        ([], {}),
        ([1, 2], [2, 1]),
        ({"a": None}, {}),
        ({}, {"a": None}),
        ("a", "b"),
    ],
)
def test_values_of_another_type_order_or_presence_differ(want: Json, got: Json) -> None:
    """Bodies are compared strictly: type, order and a key that is missing instead of null all count."""
    assert compare.differences(want, got) != []


def test_the_order_of_keys_does_not_count() -> None:
    """Two objects with the same members are the same answer."""
    assert compare.differences({"a": 1, "b": [{"c": 2}]}, {"b": [{"c": 2}], "a": 1}) == []


def test_every_difference_is_told_with_its_path() -> None:
    """Whoever reads the report finds each place that differs, lists by index."""
    want = {"check": {"status": 0, "history": [{"status": 0}, {"status": 1}]}}
    got = {"check": {"status": 2, "history": [{"status": 0}, {"status": 2}]}, "id": "x"}
    assert paths(compare.differences(want, got)) == ["check.history.1.status", "check.status", "id"]


def test_a_varying_path_accepts_another_value_of_the_same_shape() -> None:
    """Time stamps and ids vary from run to run, at any index of a list."""
    want, got = {"events": [{"at": 5}, {"at": 6}]}, {"events": [{"at": 7}, {"at": 8}]}
    assert compare.differences(want, got, ["events.*.at"]) == []
    assert paths(compare.differences(want, got, ["events.0.at"])) == ["events.1.at"]


@pytest.mark.parametrize("got", [0, "", None, "7", 7.5])
def test_a_varying_number_is_still_a_number_that_is_not_zero(got: Json) -> None:
    """A time stamp that is blank or of another type is no time stamp."""
    assert paths(compare.differences({"at": 5}, {"at": got}, ["at"])) == ["at"]


def test_a_varying_path_does_not_excuse_a_missing_key() -> None:
    """What varies has to be there."""
    assert paths(compare.differences({"id": "a"}, {}, ["id"])) == ["id"]


def test_a_list_whose_elements_vary_may_have_another_length() -> None:
    """How often a schedule fired within a few seconds is not recorded exactly where its gaps vary."""
    assert compare.differences({"gaps": [2, 2]}, {"gaps": [2, 2, 2]}, ["gaps.*"]) == []
    assert compare.differences({"gaps": [2, 2]}, {"gaps": [2, 2, 2]}) != []


def test_varying_keys_may_hold_dots() -> None:
    """Label keys such as sensu.io/x are members of a path like any other."""
    assert compare.differences({"l": {"sensu.io/x": "1"}}, {"l": {"sensu.io/x": "2"}}, ["l.sensu.io/x"]) == []


@pytest.mark.parametrize(
    ("want", "got", "same"),
    [
        ("${ANY}", {"any": "value"}, True),
        ("${SYSTEM}", {"hostname": "h", "os": "linux"}, True),
        ("${SYSTEM}", {}, False),
        ("${VERSION}", "6.9.2", True),
        ("${VERSION}", "", False),
        ('{"version":"${VERSION}"}', '{"version":"1.0"}', True),
        ("${DATE}", "Mon, 23 Nov 2026 08:00:00 GMT", True),
        ("${DATE}", "yesterday", False),
        ("${HELP}", "", False),
        ("${PROMPT}Canceled\n", "Canceled\n", True),
        ("a ${NOSUCH} b", "a x b", True),
        ("a ${NOSUCH} b", "a  b", False),
        ("a.c", "abc", False),
    ],
)
def test_open_placeholders_stand_for_texts_of_their_shape(want: str, got: Json, same: bool) -> None:
    """A placeholder accepts what it stands for and nothing else."""
    assert (compare.differences(want, got) == []) is same


def test_known_placeholders_are_filled_in_everywhere() -> None:
    """The working directory and the API address of the run stand in texts, keys and lists."""
    known = {"DIR": "/d", "API": "http://x"}
    assert compare.expand({"${DIR}/k": ["${API}/y", 1, "${KEY}"]}, known) == {"/d/k": ["http://x/y", 1, "${KEY}"]}


def test_equal_elements_are_found_among_others_of_the_same_key() -> None:
    """Deliveries that came in another order are compared with the ones they belong to."""
    want = [{"h": "a", "n": 1}, {"h": "a", "n": 2}, {"h": "b", "n": 3}]
    got = [{"h": "a", "n": 2}, {"h": "a", "n": 9}, {"h": "c", "n": 4}]
    pairs = compare.pair(want, got, lambda item: item["h"], lambda one, other: one == other)
    assert pairs == [
        ({"h": "a", "n": 1}, {"h": "a", "n": 9}),
        ({"h": "a", "n": 2}, {"h": "a", "n": 2}),
        ({"h": "b", "n": 3}, None),
        (None, {"h": "c", "n": 4}),
    ]


def test_elements_without_a_partner_are_missing_or_unexpected() -> None:
    """An event too few and an event too many are both reported."""
    found = compare.paired_differences([({"a": 1}, None), (None, {"b": 2})], (), "events")
    assert [str(one) for one in found] == ['events.0: missing: {"a": 1}', 'events.1: unexpected: {"b": 2}']


def test_headers_are_compared_by_name() -> None:
    """The case of header names and their order mean nothing; a header more or less does."""
    want = [["Accept", "a"], ["Accept", "b"], ["X-One", "1"]]
    assert compare.header_differences(want, [["x-one", "1"], ["accept", "b"], ["ACCEPT", "a"]], "headers") == []
    assert paths(compare.header_differences(want, [["Accept", "a"], ["X-One", "2"]], "headers")) == [
        "headers.Accept",
        "headers.X-One.0",
    ]


def test_varying_values_do_not_count_in_sorting() -> None:
    """Frames are sorted by what is the same in every run."""
    frames = [{"type": "b", "issued": 1}, {"type": "a", "issued": 2}]
    keys = [compare.canonical(compare.without(frame, ["frames.*.issued"], "frames.0")) for frame in frames]
    assert keys == ['{"issued": null, "type": "b"}', '{"issued": null, "type": "a"}']


def test_long_texts_are_shown_by_the_line_that_differs() -> None:
    """Of two tables the report shows the line that is not the same."""
    want = "\n".join(f"line {number} {'x' * 30}" for number in range(20))
    (found,) = compare.differences(want, want.replace("line 7 ", "line seven "))
    assert found.what.startswith("line 8 of 20: want")
