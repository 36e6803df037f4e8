"""Expressions get the fields that they name, and answer as if they had got them all."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensu.execution.javascript import Sandbox
from sensu.execution.javascript_fields import fields_of
from sensu.rules.expression_scope import fields_at

SCOPE: dict[str, Any] = {
    "check": {"status": 2, "name": "cpu", "labels": {"team": "a"}, "handlers": ["x"], "state": "failing"},
    "entity": {"name": "web1", "labels": {}, "system": {"os": "linux"}},
    "timestamp": 5,
    "is_incident": True,
    "labels": {"check": "status"},
}
NAMES = ("check", "entity", "status", "name", "labels", "team", "timestamp", "length", "toString", "nosuch", "handlers")


@pytest.mark.parametrize(
    ("expression", "fields"),
    [
        ("event.check.status == 2", {("check", "status")}),
        ("event.check.labels.team == event.entity.name", {("check", "labels"), ("entity", "name")}),
        ("event . timestamp > 1 && /* event */ event.is_incident", {("timestamp",), ("is_incident",)}),
        ("event.check['status'] == 2", {("check",)}),
        ("event.check.hasOwnProperty('status')", {("check",)}),
        ("'event.check'.length == 11", set()),
        ("other.event.check == 1", set()),
        ("true", set()),
        ("event['check'].status", None),
        ("JSON.stringify(event) != ''", None),
        ("var e = event; e.check.status", None),
        ("this.event.check.status", None),
        ("eval('ev' + 'ent').check", None),
        ("ev\\u0065nt.check.status == 2", None),
        ("event.toString()", None),
    ],
)
def test_fields_of_an_expression(expression: str, fields: set[tuple[str, ...]] | None) -> None:
    """Names behind the variable are found; where it may be reached otherwise, nothing is left out."""
    assert fields_of(expression, "event") == (None if fields is None else frozenset(fields))


def path(names: list[str]) -> str:
    return ".".join(["event", *names])


TERMS = st.lists(st.sampled_from(NAMES), max_size=4).map(path)
EXPRESSIONS = st.lists(
    st.one_of(
        TERMS,
        st.tuples(TERMS, TERMS).map(lambda two: f"{two[0]} == {two[1]}"),
        TERMS.map(lambda term: f"typeof {term} == 'undefined'"),
        TERMS.map(lambda term: f"({term} = 1)"),
        TERMS.map(lambda term: f"delete {term}"),
        st.tuples(st.sampled_from(NAMES), TERMS).map(lambda two: f"'{two[0]}' in {two[1]}"),
        TERMS.map(lambda term: f"{term}['status']"),
    ),
    min_size=1,
    max_size=3,
).map(" || ".join)


@settings(max_examples=300)
@given(EXPRESSIONS)
def test_less_gives_the_same_answer(expression: str) -> None:
    """Whatever an expression reads, writes or deletes, it answers as it does with the whole scope."""
    sandbox, fields = Sandbox(), fields_of(expression, "event")
    seen = SCOPE if fields is None else fields_at(SCOPE, fields)
    assert sandbox.evaluate(expression, json.dumps(seen), now=0) == sandbox.evaluate(
        expression, json.dumps(SCOPE), now=0
    )
