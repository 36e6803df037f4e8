"""Go's regular expressions in expressions and mutators."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensu.execution.javascript import MutatorOutput, Sandbox, check_syntax
from sensu.rules.filters import ExpressionError

GO_ANSWERS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("go_regexps.json").read_text())
"""What Go's package regexp finds (spans of the match and its groups, in UTF-16 units), or why it refuses."""
SCOPE = json.dumps({"check": {"output": "CPU Timed OUT on web-01: 42%"}, "pattern": "(?i)cpu"})


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return Sandbox(time_limit_s=0.5)


def value(sandbox: Sandbox, expression: str, scope: str = SCOPE) -> bool | ExpressionError:
    return sandbox.evaluate(expression, scope, now=0)


def literal(case: dict[str, Any]) -> str:
    pattern = case["pattern"].replace("\n", "\\n")
    return f"/{pattern if pattern else '(?:)'}/{case['flags']}"


def made_of_text(case: dict[str, Any]) -> str:
    return f"new RegExp({json.dumps(case['pattern'])}, {json.dumps(case['flags'])})"


def named(case: dict[str, Any]) -> str:
    return f"/{case['pattern']}/{case['flags']}"


@pytest.mark.parametrize("case", [case for case in GO_ANSWERS if "found" in case], ids=named)
@pytest.mark.parametrize("write", [literal, made_of_text])
def test_patterns_find_what_they_find_in_go(sandbox: Sandbox, case: dict[str, Any], write: Any) -> None:
    """A pattern finds the same part of a text, and the same groups in it, as in Go; as a literal and from text."""
    parts = [
        None if span is None else _parts(text, span) for text, span in zip(case["texts"], case["found"], strict=True)
    ]
    finds = (
        f"JSON.stringify(event.texts.map(function(text) {{ var found = {write(case)}.exec(text); return found && "
        "[].slice.call(found).map(function(part) { return part === undefined ? null : part }) })) "
        "== JSON.stringify(event.parts)"
    )
    assert value(sandbox, finds, json.dumps({"texts": case["texts"], "parts": parts})) is True


def _parts(text: str, span: list[int]) -> list[str | None]:
    units = text.encode("utf-16-le", "surrogatepass")
    return [
        None if start < 0 else units[2 * start : 2 * end].decode("utf-16-le")
        for start, end in zip(span[::2], span[1::2], strict=True)
    ]


@pytest.mark.parametrize("case", [case for case in GO_ANSWERS if "fault" in case], ids=named)
def test_what_go_refuses_is_refused_in_its_words(sandbox: Sandbox, case: dict[str, Any]) -> None:
    """A pattern that Go does not take is refused by the check of syntax, and throws when it is made of text."""
    why = case["fault"].removesuffix(": ``")
    for expression in (made_of_text(case), f"event.check.output.match({json.dumps(case['pattern'])})"):
        assert str(check_syntax(expression)).endswith(f"Invalid regular expression: {why}")
    thrown = value(sandbox, f"var p = {json.dumps(case['pattern'])}; event.check.output.search(p) >= 0")
    assert thrown == ExpressionError(f"SyntaxError: Invalid regular expression: {why}")


@pytest.mark.parametrize(
    "expression",
    [
        "/(?i)timed out/.test(event.check.output)",
        "event.check.output.match('(?i)timed out') !== null",
        'event.check.output.search("(?i)timed out") == 4',
        "event.check['output'].match(/(?P<host>[[:alpha:]]+)-(?P<nr>[[:digit:]]+)/)[2] == '01'",
        "new RegExp('(?i)TIMED').test(event.check.output)",
        "RegExp(event.pattern).test(event.check.output)",
        "['(?i)nothing', '(?i)timed'].some(function(p) { return event.check.output.match(p) })",
        "event.check.output.replace(/(?i)[[:upper:]]+\\s/g, '') == 'web-01: 42%'",
        "event.check.output.split(/(?i)timed\\s(?-i)OUT/)[1] == ' on web-01: 42%'",
        "event.check.output.split(new RegExp('[[:space:]]')).length == 6",
        "var re = /(?i)[a-z]+/g, n = 0; while (re.exec(event.check.output)) n++; n == 5",
        "if (true) /(?i)CPU/.test(event.check.output)",
        "{} /(?i)cpu/.test(event.check.output)",
        "function f() { return 1 } /(?i)cpu/.test(event.check.output)",
        "(function() { if (event) { } /x/.test(1); return /(?i)cpu/.test(event.check.output) })()",
        "var a = 8, g = 2; a / 2 / g == 2 && [8][0] / 4 / g == 1 && (a) / 2 / g == 2 && a++ / 2 / g == 2",
        "var re = /a/i; RegExp(re) === re && new RegExp(re) !== re && new RegExp(re).ignoreCase",
        "/a/ instanceof RegExp && RegExp('a').constructor === RegExp && RegExp.prototype.test.call(/a/, 'a')",
        "new RegExp('a', 'gim').global && /^b/m.multiline && RegExp().test('') && ''.match() !== null",
        "new RegExp(/(?m)^[[:alpha:]]+.$/.source).test('web1')",
        "event.check.output.match(/(?P<host>web)/).groups.host == 'web'",
        "/foo(?=bar)/.test('foobar') && /(a)\\1/.test('aa') && /(?<!x)y/.test('y') && /(?P<n>a)\\k<n>/.test('aa')",
    ],
)
def test_everywhere_in_an_expression(sandbox: Sandbox, expression: str) -> None:
    """Go's forms work in literals and in texts, wherever a script has them, and divisions stay divisions."""
    assert check_syntax(expression) is None
    assert value(sandbox, expression) is True


def test_in_scripts_of_assets_and_in_mutators(sandbox: Sandbox) -> None:
    """Go's forms work in the scripts of assets and in a mutator's body."""
    scripts = ["function late(text) { return /(?i)TIMED out/.test(text) }"]
    assert sandbox.evaluate("late(event.check.output) && /(?i)cpu/.test('CPU')", SCOPE, now=0, sources=scripts) is True
    body = "event.check.output = event.check.output.replace(/(?i)OUT|[[:digit:]]+%/g, '') + late('Timed out')"
    made = sandbox.mutate(body, json.loads(SCOPE), now=0, sources=scripts)
    assert isinstance(made, MutatorOutput) and made.event["check"]["output"] == "CPU Timed  on web-01: true"


def test_a_refused_pattern_in_a_script_is_the_error_of_what_uses_it(sandbox: Sandbox) -> None:
    """Where an asset's script or a mutator has a refused pattern, the error names the place and the construct."""
    why = "SyntaxError: (anonymous): Line 2:7 Invalid regular expression: invalid escape sequence: `\\Z`"
    assert sandbox.evaluate("true", SCOPE, now=0, sources=["var a;\n/end x\\Z/"]) == ExpressionError(why)
    assert sandbox.mutate("var a;\n/end x\\Z/", json.loads(SCOPE), now=0) == ExpressionError(why)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (r"/a\Z/.test(event.check.output)", r"Line 1:3 Invalid regular expression: invalid escape sequence: `\Z`"),
        (
            "true &&\n  /(?x) a/.test('a')",
            "Line 2:4 Invalid regular expression: invalid or unsupported Perl syntax: `(?x`",
        ),
        (
            "event.check.output.match('(?x)a')",
            "Line 1:26 Invalid regular expression: invalid or unsupported Perl syntax: `(?x`",
        ),
        ("/(?i)a/.test(b) && = 1", "Line 1:20 Unexpected token ="),
        (r"/[(](a)\2/.test('a')", r"Line 1:8 Invalid regular expression: invalid escape sequence: `\2`"),
        ("new RegExp('a', 'x')", "Line 1:12 Invalid regular expression: invalid flags: `x`"),
    ],
)
def test_messages_tell_the_place(expression: str, message: str) -> None:
    """The message of a refused pattern has the place and the construct; translation moves no other place."""
    assert check_syntax(expression) == f"(anonymous): {message}"


@pytest.mark.parametrize(
    "expression", ["glob.match('*.example.com')", "'(' + x", "x.replace('(', '[')", "x.split('*')", "f('(?x)')"]
)
def test_texts_that_are_no_patterns(expression: str) -> None:
    """Only what a text's `match` and `search` and `RegExp` are given counts as a pattern."""
    assert check_syntax(expression) is None


PIECES = [
    "a",
    "K",
    "(?i)",
    "(?P<n>",
    "(",
    ")",
    "[",
    "]",
    "^",
    "[:alpha:]",
    r"\pL",
    r"\1",
    "*",
    "{2}",
    "|",
    r"\Q",
    "\\",
    "-",
    "\n",
]


@settings(max_examples=200)
@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_any_pattern_is_refused_or_compiles(pattern: str) -> None:
    """Whatever a pattern is made of, it is refused in Go's words, or becomes one that the engine takes."""
    answer = PLAIN.evaluate("RegExp(event.p).test('aK') || true", json.dumps({"p": pattern}), now=0)
    assert answer is True or (isinstance(answer, ExpressionError) and GO_WORDS.match(answer.message))


PLAIN = Sandbox()
GO_WORDS = re.compile(
    "SyntaxError: Invalid regular expression: (invalid (escape|character|nested|repeat|named|or unsupported)"
    "|missing|unexpected|trailing)"
)
