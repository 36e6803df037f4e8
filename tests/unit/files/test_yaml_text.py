"""YAML as the reference writes and reads it."""

import pytest
import yaml

from sensu.files.yaml_text import Loader, in_natural_order, to_yaml


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("", '""'),
        ("plain text", "plain text"),
        ("y", '"y"'),
        ("No", '"No"'),
        ("true", '"true"'),
        ("null", '"null"'),
        ("12", '"12"'),
        ("1.5", '"1.5"'),
        ("1e3", '"1e3"'),
        ("0x1f", '"0x1f"'),
        ("6.9.2", "6.9.2"),
        ("00:11:22:33:44:55", '"00:11:22:33:44:55"'),
        ("::1/128", "::1/128"),
        ("2020-01-01", '"2020-01-01"'),
        ("x: y", "'x: y'"),
        ("*/5 * * * *", "'*/5 * * * *'"),
        ("-x", "-x"),
        ("a\tb", '"a\\tb"'),
        ("Q='x'", "Q='x'"),
        ("ünï", "ünï"),
    ],
)
def test_texts_are_quoted_only_where_they_would_be_misread(text: str, written: str) -> None:
    """A file that was written reads well and is read back as it was."""
    assert to_yaml({"k": text}) == f"k: {written}\n"
    assert yaml.load(to_yaml({"k": text}), Loader=Loader) == {"k": text}


def test_several_lines_are_a_block() -> None:
    """Scripts in checks stay readable."""
    assert to_yaml({"k": "a\nb\n"}) == "k: |\n  a\n  b\n"


def test_lists_are_not_indented_and_empty_values_stand_on_the_line() -> None:
    """The layout is the one that people have in their repositories."""
    value = {"list": ["a"], "none": None, "empty": [], "map": {}, "nested": {"k": [{"x": 1, "y": True}]}}
    assert to_yaml(value) == 'list:\n- a\nnone: null\nempty: []\nmap: {}\nnested:\n  k:\n  - x: 1\n    "y": true\n'


def test_long_texts_are_folded_where_the_reference_folds_them() -> None:
    """Files that are kept under version control do not change because another sensuctl wrote them."""
    words = " ".join(["ab"] * 60)
    text = to_yaml({"command": words})
    assert [line.count("ab") for line in text.splitlines()] == [25, 27, 8]
    assert yaml.load(text, Loader=Loader) == {"command": words}


def test_nothing_is_an_alias_and_no_mark_stands_at_the_end() -> None:
    """Every resource stands alone, also one that ends with empty lines."""
    same = ["x" * 5]
    assert "&" not in to_yaml({"a": same, "b": same})
    assert to_yaml({"k": "a\n\n"}) == "k: |+\n  a\n\n"
    assert yaml.load(to_yaml({"k": "a\n\n"}), Loader=Loader) == {"k": "a\n\n"}


@pytest.mark.parametrize(("text", "value"), [("y", True), ("N", False), ("yes", True), ("off", False), ("yy", "yy")])
def test_single_letters_are_truth_values(text: str, value: object) -> None:
    """What the reference takes for true or false is not taken for a text here."""
    assert yaml.load(f"k: {text}", Loader=Loader) == {"k": value}


def test_times_are_texts() -> None:
    """JSON has no times, so YAML of resources has none either."""
    assert yaml.load("k: 2020-01-01T10:00:00Z", Loader=Loader) == {"k": "2020-01-01T10:00:00Z"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("5.0", 5),
        ("1e3", 1000),
        ("1_000", 1000),
        ("0x1F", 31),
        ("017", 15),
        ("0o17", 15),
        ("08", 8),
        (".5", 0.5),
        ("-.inf", float("-inf")),
        ("1e400", "1e400"),
        ("1:30", "1:30"),
        ("190:20:30.15", "190:20:30.15"),
        ("_1", "_1"),
        ("6.9.2", "6.9.2"),
        ("=", "="),
        ("<<", "<<"),
    ],
)
def test_plain_texts_are_the_numbers_that_the_reference_takes_them_for(text: str, value: object) -> None:
    """A file means the same whichever sensuctl reads it: times of day are texts, 5.0 is the whole number 5."""
    found = yaml.load(f"k: {text}", Loader=Loader)["k"]
    assert (found, type(found)) == (value, type(value))


def test_maps_can_be_merged() -> None:
    """What several resources share is written once."""
    text = "a: &a {one: 1, two: 2}\nb: {<<: *a, two: 3}\n"
    assert yaml.load(text, Loader=Loader)["b"] == {"one": 1, "two": 3}


def test_keys_stand_in_the_order_of_the_reference() -> None:
    """Numbers in labels count by their value, other signs stand before them, letters behind."""
    keys = ["k10", "k2", "k", "ka", "k-1", "K", "_", "é", "z", "k02", "k1.10", "k1.9"]
    expected = ["_", "K", "k", "k-1", "k1.9", "k1.10", "k2", "k02", "k10", "ka", "z", "é"]
    assert list(in_natural_order(dict.fromkeys(keys))) == expected
    assert list(in_natural_order({"a": [{"x9": 1, "x10": 2}]})["a"][0]) == ["x9", "x10"]
