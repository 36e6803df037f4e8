import json
import math
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sensu.execution.javascript import Sandbox, check_syntax
from sensu.rules.filters import ExpressionError
from sensu.rules.native_expression import native

NOW = 1_700_000_000.25
SANDBOX = Sandbox(time_limit_s=5.0)
EVENT: dict[str, Any] = {
    "timestamp": 1_699_999_000,
    "is_incident": True,
    "check": {
        "status": 2,
        "occurrences": 12,
        "interval": 60,
        "name": "cpu-load",
        "output": "CRITICAL 😀 at 97 %",
        "labels": {"region": "eu-west", "tier": "1"},
        "subscriptions": ["linux", "web"],
        "duration": 0.25,
        "state": "failing",
    },
    "entity": {"name": "web1", "entity_class": "agent", "labels": {}, "system": {"os": "linux"}},
}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("event.check.status == 2", True),
        ("event.check.status === '2'", False),
        ("event.check.status == '2'", True),
        ("event.check.occurrences == 1 || event.check.occurrences % (3600 / event.check.interval) == 0", False),
        ("event.check.occurrences % 12 == 0 && event.is_incident", True),
        ('event.check.labels.region == "eu-west"', True),
        ("event.check.labels['region'].indexOf('eu') === 0", True),
        ("event.entity.labels.region == 'eu'", False),
        ("event.entity.labels.hasOwnProperty('region')", False),
        ("event.entity.labels.region.length > 0", "TypeError: cannot read property 'length' of undefined"),
        ("event.metrics.points[0]", "TypeError: cannot read property 'points' of undefined"),
        ("event.check.subscriptions.indexOf('web') >= 0", True),
        ("['web1', 'web2'].indexOf(event.entity.name) !== -1", True),
        ("event.check.output.indexOf('at') == 12", True),
        ("!event.check.silenced;", True),
        ("typeof event.check.nothing === 'undefined' ? event.check.labels.tier > 0 : false", True),
        ("weekday(event.timestamp) == 2 && hour(event.timestamp) == 21", True),
        ("seconds_since(event.timestamp) > 600", True),
        ("event.check.duration * 4 == 1 && -event.check.status < -1", True),
    ],
)
def test_common_expressions_need_no_engine(expression: str, expected: bool | str) -> None:
    """What users write most is evaluated without JavaScript, to the same value or error."""
    simple = native(expression, "event")
    assert simple is not None
    wanted = ExpressionError(expected) if isinstance(expected, str) else expected
    assert simple.evaluate(EVENT, NOW) == wanted
    assert SANDBOX.evaluate(expression, json.dumps(EVENT), now=NOW) == wanted


@pytest.mark.parametrize(
    "expression",
    [
        "event.check.status = 2",
        "var a = 1; a",
        "event.check.name.match(/cpu/)",
        "event.check.constructor",
        "event.check['__proto__']",
        "entity.name == 'x'",
        "event.check.status-- == 2",
        "event.check.status <!--2",
        "a => a",
        "1.toString()",
        "012 == 10",
        "'\\x41' == 'A'",
        "event.check[event.check.name]",
        "event.check.output // comment",
        "event.é",
        "((((" * 20 + "1" + "))))" * 20,
        "1" + " + 1" * 500,
        "",
        "event.check.status == 2 3",
    ],
)
def test_everything_else_is_left_to_the_engine(expression: str) -> None:
    """What the subset does not have is not guessed at."""
    assert native(expression, "event") is None


def test_unusual_values_are_left_to_the_engine() -> None:
    """Objects as texts or numbers, and long texts, are for the engine, where they can be killed."""
    for expression in ("event.check == 'x'", "event.check.labels < 3", "event.check.subscriptions + ''"):
        simple = native(expression, "event")
        assert simple is not None
        assert simple.evaluate(EVENT, NOW) is None
    long = {"check": {"output": "a" * 100_000}}
    simple = native("event.check.output.indexOf('b') >= 0", "event")
    assert simple is not None
    assert simple.evaluate(long, NOW) is None


TEXTS = st.one_of(
    st.sampled_from(["", "a", "b", "ab", "2", " 2 ", "0x10", "1e3", "-0", "NaN", "é", "😀", "\uffee", "x y"]),
    st.text(st.characters(codec="utf-8", exclude_characters="\\'\"\n\r\u2028\u2029\0"), max_size=4),
)
NUMBERS = st.one_of(
    st.integers(-3, 5),
    st.sampled_from([0.5, 1.5, -0.25, 1e21, 2**53, 2**60 + 1, -(2**70), 10**400, 1e-7, 86_400]),
    st.floats(allow_nan=False, allow_infinity=False),
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
KEYS = st.sampled_from(["a", "b", "length", "labels", "0"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)
EVENTS = st.dictionaries(KEYS, VALUES, max_size=5)


def _literal(text: str) -> str:
    return f"'{text}'"


PATHS = st.lists(st.sampled_from([".a", ".b", ".length", ".labels", "['a']", "[0]", "[1]", "['0']"]), max_size=3).map(
    lambda parts: "event" + "".join(parts)
)
LITERALS = st.one_of(
    st.sampled_from(["true", "false", "null", "undefined", "NaN", "Infinity", "0", "1", "2", "1.5", ".5", "1e3", "2."]),
    TEXTS.map(_literal),
)
BINARY = ["==", "!=", "===", "!==", "<", ">", "<=", ">=", "+", "-", "*", "/", "%", "&&", "||"]
EXPRESSIONS = st.recursive(
    st.one_of(PATHS, PATHS, LITERALS),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(BINARY), inner).map(" ".join),
        st.tuples(inner, st.sampled_from(BINARY), inner).map(lambda parts: f"({' '.join(parts)})"),
        st.tuples(st.sampled_from(["!", "- ", "+ ", "typeof "]), inner).map("".join),
        st.tuples(inner, inner, inner).map(lambda parts: "{} ? {} : {}".format(*parts)),
        st.tuples(PATHS, inner).map(lambda parts: f"{parts[0]}.indexOf({parts[1]})"),
        st.tuples(PATHS, TEXTS).map(lambda parts: f"{parts[0]}.hasOwnProperty('{parts[1]}')"),
        st.tuples(inner, inner, inner).map(lambda parts: f"[{parts[0]}, {parts[1]}].indexOf({parts[2]})"),
        st.tuples(st.sampled_from(["hour", "minute", "second", "weekday", "seconds_since"]), inner).map(
            lambda parts: f"{parts[0]}({parts[1]})"
        ),
    ),
    max_leaves=8,
)


@settings(max_examples=150)
@given(EXPRESSIONS, EVENTS)
@example("[event.a, true].indexOf(event)", {"length": 1e21})
@example("event.a.indexOf(Infinity)", {"a": [10**400]})
def test_values_are_the_engines(expression: str, event: dict[str, Any]) -> None:
    """Whatever is evaluated without the engine has the value, or the error, that the engine gives."""
    _require_the_engines_value(expression, event)


@pytest.mark.slow
@settings(max_examples=1_500)
@given(EXPRESSIONS, EVENTS)
def test_values_of_many_expressions_are_the_engines(expression: str, event: dict[str, Any]) -> None:
    """The same holds for ten times as many expressions."""
    _require_the_engines_value(expression, event)


def _require_the_engines_value(expression: str, event: dict[str, Any]) -> None:
    simple = native(expression, "event")
    value = simple and simple.evaluate(event, NOW)
    if value is None:
        return
    assert check_syntax(expression) is None
    assert value == SANDBOX.evaluate(expression, json.dumps(event), now=NOW)


@settings(max_examples=200)
@given(NUMBERS | TEXTS, st.sampled_from(BINARY), NUMBERS | TEXTS)
def test_numbers_and_texts_compare_as_in_javascript(one: Any, sign: str, other: Any) -> None:
    """Results of operators are exact: compared with themselves as the engine finds them."""
    _require_an_exact_result(one, sign, other)


@pytest.mark.slow
@settings(max_examples=1_000)
@given(NUMBERS | TEXTS, st.sampled_from(BINARY), NUMBERS | TEXTS)
def test_many_numbers_and_texts_compare_as_in_javascript(one: Any, sign: str, other: Any) -> None:
    """The same holds for five times as many numbers and texts."""
    _require_an_exact_result(one, sign, other)


def _require_an_exact_result(one: Any, sign: str, other: Any) -> None:
    event = {"a": one, "b": other}
    expression = f"event.a {sign} event.b"
    wanted = _engine_value(expression, event)
    simple = native(f"({expression}) === event.c", "event")
    assert simple is not None
    if isinstance(wanted, float) and math.isnan(wanted):
        return
    found = simple.evaluate({**event, "c": wanted}, NOW)
    assert found in (True, None)


def _engine_value(expression: str, event: dict[str, Any]) -> Any:
    made = SANDBOX.mutate(f"return JSON.stringify([{expression}])", event, now=NOW)
    text = getattr(made, "text", None)
    [value] = json.loads(text) if text else [math.nan]
    return math.nan if value is None else value
