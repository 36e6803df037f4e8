"""The examples of docs/expressions.md."""

import json
import re

import pytest

from sensu.execution.javascript import Sandbox
from sensu.execution.script_problems import script_problem
from sensu.resources.event_filter import EventFilter
from sensu.rules.expression_scope import event_scope
from sensu.rules.filters import ExpressionError
from sensu.testing.factories import make_metadata
from tests.docs.pages import CHECKOUT, blocks

BLOCKS = list(blocks(CHECKOUT / "docs" / "expressions.md"))
EVENT = json.loads(next(block.text for block in BLOCKS if block.language == "json"))
LINES = [line for block in BLOCKS if block.language == "javascript" for line in block.text.splitlines()]
EXAMPLE = re.compile(r"(.+)  // (true|false|refused|error)")
FOUND = {
    "web-01/database": json.dumps({"check": {"status": 0}}),
    "web-01/network": json.dumps({"check": {"status": 1}}),
    "web-01/nothing": None,
    "*": "[{}, {}]",
}


@pytest.mark.parametrize("line", LINES)
def test_an_example_gives_what_the_page_says(line: str) -> None:
    """Each example is true, false, an error or refused at creation, as the comment behind it says."""
    match = EXAMPLE.fullmatch(line)
    assert match is not None, line
    expression, said = match.groups()
    stored = EventFilter(metadata=make_metadata("f"), action="allow", expressions=(expression,))
    assert (script_problem(stored) is not None) == (said == "refused")
    if said == "refused":
        return
    others = json.dumps({"entity": EVENT["entity"]["metadata"]["name"], "found": FOUND})
    value = Sandbox().evaluate(expression, json.dumps(event_scope(EVENT)), now=EVENT["timestamp"], others=others)
    assert isinstance(value, ExpressionError) if said == "error" else value is (said == "true")
