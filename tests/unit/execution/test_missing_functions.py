"""Functions that an expression calls and nothing defines."""

import pytest

from sensu.execution.missing_functions import missing_function

SENSU = ("CheckDependencies", "FetchEvent")


def message(expression: str, *, alone: bool = True) -> str | None:
    found = missing_function(expression, SENSU, alone=alone)
    return None if found is None else found[1]


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        (
            "sensu.CheckDependancies('db')",
            "the function sensu.CheckDependancies does not exist; did you mean sensu.CheckDependencies?",
        ),
        ("event && sensu.Nothing()", "the function sensu.Nothing does not exist"),
        ("hours(event.timestamp) > 8", "the function hours does not exist; did you mean hour?"),
        ("require('fs')", "the function require does not exist"),
        ("new Promise(event)", "the function Promise does not exist"),
        ("event.check.output.indexof('x')", "the function indexof does not exist; did you mean indexOf?"),
        ("event.check.output.includes('x')", "includes is not a function in ECMAScript 5; use indexOf(…) >= 0"),
        ("[1].find(function(x) { return x })", "find is not a function in ECMAScript 5; use filter(…)[0]"),
        ("Object.assign({}, event)", "the function assign does not exist"),
    ],
)
def test_a_missing_function_is_named_with_what_was_meant(expression: str, why: str) -> None:
    """A call that can only throw is named, with the function that was probably meant."""
    assert message(expression) == why


@pytest.mark.parametrize(
    "expression",
    [
        "sensu.CheckDependencies('db') && sensu.FetchEvent('a', 'b').check.status == 0",
        "function late(at) { return hour(at) > 20 } late(event.timestamp)",
        "var late = function(at) { return hour(at) > 20 }; late(event.timestamp)",
        "(function(judge) { return judge(event) })(function(e) { return true })",
        "({includes: function(x) { return true }}).includes('x')",
        "event.includes = function() { return true }; event.includes()",
        "({get size() { return 1 }, set late(at) {}}).size > 0",
        "event.check.handlers.some(function(h) { return h.toLowerCase().match(/x/) }) || Math.max(1, 2) > 1",
        "typeof late == 'function' && late()",
        "try { nosuch() } catch (e) { true }",
        "if (event) { !(event.check) } while (false) (1)",
        "'late(' + 'x.includes(' == ''",
        "event.check.sensu.Nothing && event.labels.hasOwnProperty('x') && [].concat([]).reverse().join()",
        "JSON.stringify(Object.keys(event)).length + new Date().getTime() + Date.now() + parseInt('1') > 0",
        "eval('function f() { return 1 }'); f()",
    ],
)
def test_functions_that_are_there(expression: str) -> None:
    """What the engine, Sensu or the expression itself provides is no missing function, nor what may never be called."""
    assert message(expression) is None


def test_scripts_of_assets_may_define_functions() -> None:
    """With runtime assets only the functions of sensu are known."""
    assert message("late(event) && event.check.output.shout()", alone=False) is None
    assert message("sensu.Nothing()", alone=False) == "the function sensu.Nothing does not exist"
