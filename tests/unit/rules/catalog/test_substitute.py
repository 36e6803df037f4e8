"""Variables in values of patches."""

from typing import Any

import pytest

from sensu.errors import InvalidResource
from sensu.rules.catalog.substitute import CatalogVariables, substituted, text_with

VALUES: dict[str, Any] = {"interval": 30, "host": "web1", "list": ["a", "b"], "on": True, "token": {"secret": "s3"}}
VARIABLES = CatalogVariables(frozenset((*VALUES, "unanswered")), VALUES)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("interval", 30),
        ("[[interval]]", 30),
        ("[[ list ]]", ["a", "b"]),
        ("[[token.secret]]", "s3"),
        ("every [[interval]] s", "every 30 s"),
        ("--hosts [[list]] --on=[[on]]", "--hosts a,b --on=true"),
        ({"name": "host", "value": "[[host]]"}, {"name": "host", "value": "web1"}),
        (["[[host]]", 7, None], ["web1", 7, None]),
        ({"[[host]]": "x"}, {"[[host]]": "x"}),
        ("{{ .name }} [ [host] ]", "{{ .name }} [ [host] ]"),
        ("[[[host]]]", "[web1]"),
        ([["list"]], ["a", "b"]),
        ([["token.secret"]], "s3"),
        ([["other"]], [["other"]]),
        ([["list", "x"]], [["list", "x"]]),
    ],
)
def test_a_variable_alone_keeps_its_type_and_is_text_within_a_text(value: Any, expected: Any) -> None:
    """A value that is only a name or one variable in brackets has the type of the answer; keys are left alone."""
    assert substituted(value, VARIABLES) == (expected, ())


def test_an_unknown_variable_in_brackets_is_an_error() -> None:
    """A typing error in a definition is found; a bare text is only a text."""
    with pytest.raises(InvalidResource, match=r"\[\[hots\]\]: the variable 'hots' is unknown"):
        substituted("http://[[hots]]/", VARIABLES)
    assert substituted("hots", VARIABLES) == ("hots", ())


def test_variables_without_an_answer_are_named() -> None:
    """A part that was not answered is missing like a whole answer."""
    found = substituted({"a": "[[unanswered]]", "b": "[[token.env_var]] [[host]]"}, VARIABLES)
    assert found.missing == ("unanswered", "token.env_var")


def test_an_answer_with_brackets_is_not_substituted_again() -> None:
    """What a person types is never read as a template."""
    variables = CatalogVariables(frozenset({"a", "b"}), {"a": "[[b]]", "b": "x"})
    assert substituted("-[[a]]-", variables).value == "-[[b]]-"


def test_a_text_for_people_keeps_unknown_variables() -> None:
    """A text after an installation cannot fail."""
    assert text_with("[[host]] runs [[list]]; [[other]][[unanswered]]", VARIABLES) == "web1 runs a,b; [[other]]"
