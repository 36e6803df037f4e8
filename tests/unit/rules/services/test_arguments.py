"""The arguments of rule templates."""

from typing import Any

import pytest

from sensu.resources.rule_template import TemplateArguments
from sensu.rules.services.arguments import DEPTH_MAX, given_arguments, schema_problems
from sensu.rules.services.built_in import BUILT_IN


def template(*required: str, **properties: Any) -> TemplateArguments:
    return TemplateArguments(properties=properties, required=required or None)


def nested(levels: int) -> dict[str, Any]:
    """Lists within lists."""
    return {"type": "array", "items": nested(levels - 1)} if levels > 1 else {"type": "string"}


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "number", "minimum": 0, "maximum": 100, "default": 70},
        {"type": ["string", "null"], "title": "Team", "description": "who is informed"},
        {"type": "array", "items": {"type": "string"}, "default": {}},
        {"type": "boolean", "default": {}},
        {"type": "object", "properties": {"port": {"type": "integer"}}, "required": ["port"], "default": {"port": 1}},
        {"enum": ["all", "any", 1, None], "default": "any"},
        nested(DEPTH_MAX),
    ],
)
def test_schemas_of_the_subset_are_accepted(schema: dict[str, Any]) -> None:
    """Types, bounds, choices, lists, objects and defaults describe an argument."""
    assert not list(schema_problems(template("one", one=schema)))


def test_the_built_in_template_is_of_the_subset() -> None:
    """The arguments of `aggregate` keep their own rules."""
    assert not list(schema_problems(BUILT_IN.arguments))


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ("number", "must be an object such as"),
        ({"type": "float"}, 'type must be one of array, boolean, integer, null, number, object, string, not "float"'),
        ({"type": ["string", 3]}, "type must be one of"),
        ({"pattern": "a+"}, 'has the keyword "pattern", which is not supported'),
        ({"minimum": "0"}, "minimum must be a number"),
        ({"maximum": True}, "maximum must be a number"),
        ({"enum": "all"}, "enum must be a list"),
        ({"description": 4}, "description must be a string"),
        ({"required": "port"}, "required must be a list of names"),
        ({"properties": ["port"]}, "properties must be an object"),
        ({"items": []}, "items must be an object"),
        ({"properties": {"port": {"format": "int32"}}}, 'properties.port has the keyword "format"'),
        ({"type": "number", "default": "70"}, 'default must be of the type number, not "70"'),
        ({"type": "number", "maximum": 100, "default": 101}, "default must be at most 100, not 101"),
        (nested(DEPTH_MAX + 1), "nested too deeply"),
    ],
)
def test_other_schemas_are_refused_when_a_template_is_stored(schema: Any, reason: str) -> None:
    """A schema that would not be checked, or that contradicts itself, is refused with the place and the reason."""
    problems = list(schema_problems(template(one=schema)))
    assert any(path.startswith("arguments.properties.one") and reason in message for path, message in problems)


def test_what_is_required_is_described() -> None:
    """A required argument that the template does not describe is a mistake in the template."""
    assert [path for path, _ in schema_problems(template("two", one={}))] == ["arguments.required"]


@pytest.mark.parametrize(
    ("schema", "value", "reason"),
    [
        ({"type": "number"}, "70", 'must be of the type number, not "70"'),
        ({"type": "number"}, True, "must be of the type number, not True"),
        ({"type": "number"}, None, "must be of the type number"),
        ({"type": "integer"}, 1.5, "must be of the type integer, not 1.5"),
        ({"type": ["string", "null"]}, 1, "must be of the type string or null"),
        ({"type": "number", "minimum": 1}, 0, "must be at least 1, not 0"),
        ({"minimum": 1}, 0.5, "must be at least 1, not 0.5"),
        ({"enum": [1, "all"]}, True, 'must be one of 1, "all", not True'),
        (
            {"type": "array", "items": {"type": "string"}},
            ["slack", 3],
            "the argument one[1] must be of the type string",
        ),
        ({"properties": {"port": {"maximum": 9}}}, {"port": 10}, "the argument one.port must be at most 9"),
        ({"required": ["port"]}, {}, "the argument one.port must be set"),
    ],
)
def test_a_refused_argument_is_named(schema: dict[str, Any], value: Any, reason: str) -> None:
    """An argument that breaks its schema is refused with its name, the rule and the value."""
    found = given_arguments(template(one=schema), {"one": value})
    assert isinstance(found, str)
    assert found.startswith("the argument one")
    assert reason in found


def test_a_required_argument_must_be_given() -> None:
    """Without it, and without a default for it, the rule is not evaluated."""
    described = template("one", one={"type": "number"})
    assert given_arguments(described, None) == "the argument one must be set"
    assert given_arguments(template("one", one={"type": "number", "default": 5}), {}) == {"one": 5}


def test_defaults_hold_for_arguments_that_are_not_given() -> None:
    """A given value comes first, even a null; `default: {}` of anything but an object is no default."""
    described = template(
        limit={"type": "number", "default": 5},
        team={"type": ["string", "null"], "default": "ops"},
        handlers={"type": "array", "default": {}},
        options={"type": "object", "default": {}},
    )
    assert given_arguments(described, {"team": None}) == {"team": None, "limit": 5, "options": {}}


def test_arguments_that_no_property_describes_are_passed_on() -> None:
    """As in JSON Schema, more may be given than is described."""
    assert given_arguments(template(), {"note": [1, {"a": None}]}) == {"note": [1, {"a": None}]}
    assert given_arguments(TemplateArguments(), None) == {}


def test_numbers_of_other_forms_are_integers_too() -> None:
    """3.0 is an integer, as in JSON Schema."""
    assert given_arguments(template(one={"type": "integer", "maximum": 3}), {"one": 3.0}) == {"one": 3.0}
