"""Properties of what reads texts that other people wrote."""

import contextlib
import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sensu.errors import InvalidResource
from sensu.resources.catalog import Integration, PromptInput
from sensu.resources.wire import convert_client
from sensu.rules.catalog.patches import patched, pointer_steps
from sensu.rules.catalog.prompts import TYPES, Unsuitable, typed
from sensu.rules.catalog.substitute import CatalogVariables, substituted
from sensu.rules.catalog.versions import named_by_tag, parse_name, version_order

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(["a", "b", "a/b", "~", "0", "1", "-", ""])


@given(VALUES, st.sampled_from(TYPES))
def test_an_answer_stays_the_same_when_it_is_read_again(value: Any, kind: str) -> None:
    """An answer that was typed, kept in an annotation and read for an update is the same one."""
    shape = PromptInput(type=kind)
    try:
        once = typed(value, shape, "q")
    except Unsuitable:
        return
    assert typed(once, shape, "q") == once


@given(VALUES, st.dictionaries(st.sampled_from(["a", "b"]), VALUES))
def test_a_value_without_variables_stays_as_it_is(value: Any, answers: dict[str, Any]) -> None:
    """Only variables are replaced, and the given value is not changed."""
    before = copy.deepcopy(value)
    found = substituted({"nested": value}, CatalogVariables(frozenset(answers), answers))
    if "[[" not in str(value):
        assert (found.value, found.missing) == ({"nested": before}, ())
    assert value == before


@given(
    st.dictionaries(KEYS, VALUES, max_size=4), st.lists(KEYS, max_size=3), VALUES, st.sampled_from(["add", "replace"])
)
def test_an_operation_changes_only_what_its_path_names(
    spec: dict[str, Any], way: list[str], value: Any, op: str
) -> None:
    """A patch never fails as a whole: it is applied, and then its path has the value, or it is skipped."""
    resource = {"type": "X", "api_version": "x/v1", "metadata": {"name": "n"}, "spec": spec}
    before = copy.deepcopy(resource)
    path = "/spec/" + "/".join(step.replace("~", "~0").replace("/", "~1") for step in (*way, "a"))
    assert pointer_steps(path) == ["spec", *way, "a"]
    patch = {"resource": {"type": "X", "api_version": "x/v1", "name": "n"}, "patches": [{"op": op, "path": path}]}
    asked = convert_client(Integration, {"resource_patches": [patch]})
    found = patched([resource], asked, CatalogVariables(frozenset(), {}))
    assert resource == before
    if found.skipped:
        assert found.resources == [before]
    else:
        changed = found.resources[0]
        for step in ("spec", *way):
            changed = changed[int(step)] if isinstance(changed, list) else changed[step]
        assert changed["a"] is None


@given(TEXTS | st.from_regex(r"[a-z]+/[a-z]+[@/][0-9]+\.[0-9]+\.[0-9]+(-[a-z0-9.]+)?", fullmatch=True))
def test_every_text_is_a_name_or_refused(text: str) -> None:
    """No text makes the parsers of names, tags and versions fail in another way."""
    with contextlib.suppress(InvalidResource):
        assert str(parse_name(text)) == text
    named_by_tag(text)
    assert version_order(text) == version_order(text)
