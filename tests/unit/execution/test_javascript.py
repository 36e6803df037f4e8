"""The JavaScript sandbox."""

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensu.execution.javascript import MutatorOutput, Sandbox, check_syntax
from sensu.rules.filters import ExpressionError

NOW = 1_700_000_100.5
SCOPE = json.dumps({"timestamp": 1_700_000_000, "check": {"status": 2, "handlers": ["slack"], "output": "CPU é\n"}})
EVENT: dict[str, Any] = {
    "id": "01020304-0506-4708-890a-0b0c0d0e0f10",
    "timestamp": 5,
    "entity": {"metadata": {"name": "web1", "namespace": "default"}},
    "check": {"output": "bad", "handlers": None, "history": None, "metadata": {"name": "cpu", "namespace": "default"}},
    "metadata": {"namespace": "default"},
}


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return Sandbox(time_limit_s=0.2, memory_bytes_max=16_000_000)


def holds(sandbox: Sandbox, expression: str) -> bool | ExpressionError:
    return sandbox.evaluate(expression, SCOPE, now=NOW)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("event.check.status == 2", True),
        ("event.check.handlers.indexOf('slack')", False),
        ("'false'", True),
        ("", False),
        ("// nothing", False),
        ("{}", False),
        ("({})", True),
        ("if (event.check.status == 2) { true } else { false }", True),
        ("var s = 0; for (var i = 0; i < 3; i++) { s += i } s == 3", True),
        ("x = 1; x == 1", True),
        ("var hour = hour(event.timestamp); hour == 22", True),
        ("function f() { return true } f()", True),
        ("hour(event.timestamp) == 22 && minute(event.timestamp) == 13 && second(event.timestamp) == 20", True),
        ("weekday(0) == 4 && hour('12') == 0", True),
        ("seconds_since(event.timestamp) == 100.5", True),
        ("typeof sensu == 'object' && typeof entity == 'undefined'", True),
        ("event.check.output.match(/^cpu/i) ? true : false", True),
        ("var o = {}; o.toString = function() { return 'mine' }; o + '' == 'mine'", True),
        ("[3, 1, 2].sort().join('') == '123' && JSON.stringify({a: [1]}) == '{\"a\":[1]}'", True),
    ],
)
def test_expressions(sandbox: Sandbox, expression: str, value: bool) -> None:
    """An expression gives the truth of its completion value, as Sensu's engine does."""
    assert holds(sandbox, expression) is value


@pytest.mark.parametrize(
    "expression",
    [
        "nosuch",
        "throw new Error('x')",
        "event.nosuch.x",
        "require('fs')",
        "event.check.output.includes('CPU')",
        "[1].find(function(x) { return x })",
        "new Map()",
        "Promise",
        "globalThis",
        "Object.assign({}, {})",
        "Symbol('x')",
    ],
)
def test_errors_are_values(sandbox: Sandbox, expression: str) -> None:
    """What fails, newer library functions included, is an error that can be told apart from false."""
    assert isinstance(holds(sandbox, expression), ExpressionError)


@pytest.mark.parametrize(
    "attack",
    [
        "leaked = 1",
        "this.leaked = 1; true",
        "var leaked = 1; true",
        "Array.prototype.leaked = 1; true",
        "Object.prototype.leaked = 1; true",
        "hour = function() { return 77 }; true",
        "JSON.parse = null; true",
        "delete Array.prototype.map; true",
        "Object.defineProperty(this, 'leaked', {value: 1}); true",
        "(0, eval)('leaked = 1'); true",
        "[]['con' + 'structor']['con' + 'structor'](unescape('leaked%3D1'))(), true",
        "sensu.leaked = 1; true",
        "Object.setPrototypeOf",
        "this.__proto__ = {leaked: 1}; true",
        "Object.freeze(this); true",
        "event = null; true",
        "Function.prototype.call = null; true",
        "NaN = 1; true",
        "arguments.callee.leaked = 1; true",
    ],
)
def test_nothing_leaks_into_the_next_evaluation(sandbox: Sandbox, attack: str) -> None:
    """Whatever an expression does to its surroundings, the next one finds them as they were."""
    holds(sandbox, attack)
    probes = [
        "typeof leaked == 'undefined' && [].leaked === undefined && ({}).leaked === undefined",
        "sensu.leaked === undefined",
        "hour(0) == 0 && [1].map(function(x) { return x })[0] == 1 && event.check.status == 2",
        "var x = JSON.parse('[1]'); y = 2; x[0] + y == 3 && parseInt.call(null, '7') == 7",
    ]
    assert [holds(sandbox, probe) for probe in probes] == [True] * 4


@pytest.mark.parametrize(
    "runaway",
    [
        "while (true) {}",
        "try { while (true) {} } catch (e) { true }",
        "(function f() { return f() })()",
        "var a = []; while (true) a.push('xxxxxxxxxxxxxxxxxxxx' + a.length)",
        "new Array(1e9).join('x')",
        "JSON.stringify(new Array(1e9))",
        "Array.prototype.indexOf.call({length: 1e9}, 1)",
        "throw {toString: function() { while (true) {} }}",
        "/(a+)+$/.test(new Array(60).join('a') + 'b')",
    ],
)
def test_runaways_end_alone(sandbox: Sandbox, runaway: str) -> None:
    """An expression that takes too long or too much ends with an error, and the next one works."""
    started = time.monotonic()
    assert isinstance(holds(sandbox, runaway), ExpressionError)
    assert time.monotonic() - started < 5
    assert holds(sandbox, "event.check.status == 2") is True


def test_scripts_of_assets_come_first(sandbox: Sandbox) -> None:
    """Functions of assets can be used, keep nothing, and their failure is the expression's."""
    counting = [
        "var n = 0; function count() { return ++n }",
        "String.prototype.shout = function() { return this + '!' }",
    ]
    for _ in range(2):
        assert sandbox.evaluate("count() == 1 && 'a'.shout() == 'a!'", SCOPE, now=NOW, sources=counting) is True
    assert isinstance(sandbox.evaluate("true", SCOPE, now=NOW, sources=["nosuch()"]), ExpressionError)
    assert isinstance(holds(sandbox, "count()"), ExpressionError)


def test_compiled_expressions_are_bounded() -> None:
    """However many expressions there are, only so many are kept, and dropped ones still work."""
    small = Sandbox(compiled_max=3)
    for _ in range(2):
        assert [small.evaluate(f"event.check.status + {n} == {n + 2}", SCOPE, now=NOW) for n in range(10)] == [
            True
        ] * 10
    assert len(small._compiled) == 3


def test_the_variable_has_the_name_asked_for(sandbox: Sandbox) -> None:
    """Entity expressions find their entity under `entity`."""
    assert sandbox.evaluate("entity.check.status == 2", SCOPE, now=NOW, variable="entity") is True
    assert isinstance(sandbox.evaluate("event.check", SCOPE, now=NOW, variable="entity"), ExpressionError)


@pytest.mark.parametrize(
    "source",
    [
        "1 +",
        "const a = 1",
        "let a = 1",
        "x => x",
        "`a`",
        "a ** 2",
        "a?.b",
        "a ?? b",
        "class A {}",
        "f(...a)",
        "return 1",
        "for (var x of a) {}",
        "function* f() {}",
        "function f(a = 1) {}",
        "var {a} = b",
        "a and b",
        "0b1",
        "1n",
        "async function f() {}",
        "import 'x'",
        "'unclosed",
        "/a/y",
        "\0",
    ],
)
def test_syntax_that_is_refused(source: str) -> None:
    """Broken syntax and syntax newer than ES5 are told in a message."""
    message = check_syntax(source)
    assert message is not None and message.startswith("(anonymous):")


@pytest.mark.parametrize(
    "source",
    [
        "",
        "// c",
        "event.class == 1",
        "({class: 1, let: 2}).class",
        "a / b / c",
        "/[/`]=>/.test(x)",
        "'=> `...`'",
        "x = /*`*/ 1",
        "a ? .5 : 1",
        "var of = 1; of",
        "throw 1",
        "event.check.labels['const']",
        "1.e3",
        "x /* ** */ / 2",
        "function f(a, b) {}",
    ],
)
def test_syntax_that_is_sound(source: str) -> None:
    """ES5 is accepted, whatever stands in its texts, comments and regular expressions; nothing runs."""
    assert check_syntax(source) is None


def test_messages_tell_the_place() -> None:
    """The message of a refused expression counts lines and columns from 1."""
    assert check_syntax("const a = 1") == "(anonymous): Line 1:1 Unexpected reserved word"
    assert str(check_syntax("true &&\n  ]")).startswith("(anonymous): Line 2:3 ")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("event.check.status = = 1", "Line 1:22 Unexpected token ="),
        ("event..check", "Line 1:7 Unexpected token ."),
        ("event.check.", "Line 1:13 Unexpected end of input"),
        ("event.check.status is 1", "Line 1:20 Unexpected identifier"),
        ("1 2", "Line 1:3 Unexpected number"),
        ("'a' 'b'", "Line 1:5 Unexpected string"),
        ("var a = 1 var b", "Line 1:11 Unexpected token var"),
        ("event.check.name == 'x", "Line 1:21 Unexpected token ILLEGAL"),
        ("return true", "Line 1:1 Illegal return statement"),
    ],
)
def test_messages_name_what_is_unexpected(source: str, message: str) -> None:
    """A refused expression is told in the reference's words what stands where something else must."""
    assert check_syntax(source) == f"(anonymous): {message}"


@settings(max_examples=100)
@given(st.one_of(st.text(max_size=30), st.text("abe.()[]{}'\"/\\=+-*!;\n0123", max_size=20)))
def test_any_text_is_sound_or_refused(source: str) -> None:
    """No text ends the syntax check or an evaluation with anything but an answer."""
    message = check_syntax(source)
    assert message is None or message.startswith("(anonymous):")
    assert isinstance(Sandbox(time_limit_s=0.2).evaluate(source, "{}", now=0), bool | ExpressionError)


def mutated(sandbox: Sandbox, body: str, **more: Any) -> MutatorOutput:
    output = sandbox.mutate(body, EVENT, now=NOW, **more)
    assert isinstance(output, MutatorOutput), output
    return output


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("return event.check.name + event.check.metadata.name", "cpucpu"),
        ("return event.check.Output + event.Check.Output + event.Entity.Name", "badbadweb1"),
        ("return String(event.id.length) + event.check.handlers.length", "160"),
        ("return String(event.labels) + typeof sensu + typeof event.metrics", "[object Object]undefinedundefined"),
        ("return ''", ""),
        ("return KEY + hour(7200)", "v\N{GRINNING FACE}2"),
        ("var big = ''; for (var i = 0; i < 5000; i++) big += 'ab'; return big", "ab" * 5000),
    ],
)
def test_mutators_return_text(sandbox: Sandbox, body: str, text: str) -> None:
    """A text that a mutator returns is what handlers get; fields have their JSON and Go names."""
    assert mutated(sandbox, body, env_vars={"KEY": "v\N{GRINNING FACE}"}).text == text


def test_mutators_change_the_event(sandbox: Sandbox) -> None:
    """A mutator that returns nothing gives the event with its changes, in the API's shape."""
    body = (
        "event.check.output = 'new'; event.check.labels = {a: 'b'}; event.Entity.Name = 'renamed'; event.nosuch = null"
    )
    output = mutated(sandbox, body)
    assert output.text is None
    assert output.event["check"]["metadata"] == {"name": "cpu", "namespace": "default", "labels": {"a": "b"}}
    assert (output.event["check"]["output"], output.event["entity"]["metadata"]["name"]) == ("new", "renamed")
    assert output.event["id"] == EVENT["id"] and output.event["check"]["handlers"] is None


def test_an_event_as_text_is_what_the_api_shows(sandbox: Sandbox) -> None:
    """JSON.stringify gives the event, its check and its entity without the fields that are only there to be read."""
    assert json.loads(mutated(sandbox, "return JSON.stringify(event)").text or "") == EVENT
    for part in ("check", "entity"):
        assert json.loads(mutated(sandbox, f"return JSON.stringify(event.{part}, null, 2)").text or "") == EVENT[part]
    changed = mutated(sandbox, "event.check.output += '!'; event.labels = {a: 'b'}; return JSON.stringify(event)")
    assert json.loads(changed.text or "")["check"]["output"] == "bad!"
    assert json.loads(changed.text or "")["metadata"]["labels"] == {"a": "b"}


@pytest.mark.parametrize(
    "body", ["return 42", "nosuch()", "var =", "while (true) {}", "event = null; return {}", "event.self = event"]
)
def test_mutators_that_fail(sandbox: Sandbox, body: str) -> None:
    """A mutator that throws, hangs or returns no text gives an error, and the next one works on a fresh event."""
    assert isinstance(sandbox.mutate(body, EVENT, now=NOW), ExpressionError)
    assert mutated(sandbox, "").event == EVENT


def test_environment_of_a_mutator_ends_with_it(sandbox: Sandbox) -> None:
    """The variables of one mutator are not seen by the next, nor what it defined."""
    mutated(sandbox, "leaked = 1; return JSON", env_vars={"JSON": "x", "TOKEN": "t"})
    assert mutated(sandbox, "return typeof TOKEN + typeof leaked + typeof JSON").text == "undefinedundefinedobject"


def test_assets_of_a_mutator(sandbox: Sandbox) -> None:
    """Functions of assets can be used in a mutator."""
    assert (
        mutated(sandbox, "return shout(event.check.output)", sources=["function shout(x) { return x + '!' }"]).text
        == "bad!"
    )


@pytest.mark.parametrize("part", ["/[", "1/*", "/* ", "=/=[", "'\n", "/a"])
def test_any_script_is_read_in_the_time_of_its_length(part: str) -> None:
    """Scripts that begin comments or regular expressions without end again and again are refused soon."""
    started = time.process_time()
    assert check_syntax(part * 40_000) is not None
    assert time.process_time() - started < 5


FULL_EVENT: dict[str, Any] = {
    **EVENT,
    "check": {**EVENT["check"], "status": 2, "handlers": ["h"], "history": [{"status": 2, "executed": 7}]},
    "metrics": {"handlers": None, "points": [{"name": "m", "value": 1, "timestamp": 9, "tags": None}]},
}


@pytest.mark.parametrize(
    ("body", "path", "value"),
    [
        ("delete event.check.output", "check output", "bad"),
        ("delete event.check", "check output", "bad"),
        ("delete event.check.metadata.name", "check metadata name", "cpu"),
        ("delete event.check.name", "check metadata name", "cpu"),
        ("delete event.id", "id", EVENT["id"]),
        ("delete event.check.history[0].executed", "check history", [{"status": 2, "executed": 7}]),
        ("delete event.metrics.points[0].value", "metrics points", FULL_EVENT["metrics"]["points"]),
        ("event.labels = {a: 'b'}; delete event.labels.a", "metadata labels", {}),
        ("event.check.labels = {a: 1, b: true}; delete event.check.labels.b", "check metadata labels", {"a": "1"}),
        ("event.metrics.handlers = []", "metrics handlers", []),
        ("event.metrics.handlers.length", "metrics handlers", None),
        ("event.metrics.handlers = ['x']; event.metrics.handlers.pop()", "metrics handlers", []),
        ("event.check.handlers = []", "check handlers", []),
        ("event.check.history = []", "check history", []),
        ("event.metrics.points[0].tags = []", "metrics points 0 tags", []),
        ("event.check.output = 42", "check output", "42"),
        ("event.check.status = '1'", "check status", 1),
        ("event.check.status = 'bad'", "check status", "bad"),
        ("event.check.round_robin = 1", "check round_robin", True),
        ("event.check.handlers.push('i')", "check handlers", ["h", "i"]),
        ("event.check.handlers = null", "check handlers", None),
    ],
)
def test_what_a_mutator_leaves_is_what_structs_would_hold(sandbox: Sandbox, body: str, path: str, value: Any) -> None:
    """Deleted fields keep their value, emptied lists are empty, labels can be deleted, and fields keep their types."""
    output = sandbox.mutate(body, FULL_EVENT, now=NOW)
    assert isinstance(output, MutatorOutput), output
    part: Any = output.event
    for key in path.split():
        part = part[int(key)] if isinstance(part, list) else part[key]
    assert part == value
