"""Drafts: what is wrong with a text, and where."""

import pytest

from sensu.files.drafts import read_drafts
from sensu.files.places import place_of

CHECK = """type: CheckConfig
api_version: core/v2
metadata:
  name: http
  labels: {region: eu}
spec:
  command: check-http
  interval: ten
  subdues:
  - begin: 1
    end: x
  timout: 5
"""


def test_all_problems_are_found_with_their_lines_and_columns() -> None:
    """Fields of a wrong type do not hide each other, and unknown fields are warnings with a suggestion."""
    (draft,) = read_drafts("# mine\n---\n" + CHECK, "default")
    assert [(path, why, place_of(draft.places, path)) for path, why in draft.problems] == [
        ("spec.interval", "must be a whole number, not a text", (10, 3)),
        ("spec.subdues[0].begin", "must be a text, not a whole number", (12, 5)),
    ]
    assert [(path, why, place_of(draft.places, path)) for path, why in draft.warnings] == [
        ("spec.timout", 'unknown field "timout"; did you mean "timeout"?', (14, 3))
    ]
    assert draft.resource.command == "check-http"
    assert draft.resource.metadata.namespace == "default"


@pytest.mark.parametrize(
    ("text", "path", "message", "place"),
    [
        ("a: [", "", "did not find expected node content", (2, 1)),
        ("type: Nonsense\nspec: {}", "type", 'type could not be found: "Nonsense"', (1, 1)),
        ("type: Handler\nmetadata:\n  name: x\n", "spec", "no spec provided", (1, 1)),
        ("type: Handler\nspec: []\n", "spec", "spec must be an object", (2, 1)),
        ("- a\n- b\n", "", "a resource must be an object", (1, 1)),
        ('{"type": "Handler", "spec": {"type" "pipe"}}', "", "not valid JSON", (1, 37)),
        ('{"type": "Handler",\n\t"spec": {"timeout": "x"}}', "spec.timeout", "must be a whole number", (2, 11)),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(text: str, path: str, message: str, place: object) -> None:
    """YAML and JSON with faults, unknown types and missing parts are problems, not exceptions."""
    draft = read_drafts(text, "default")[-1]
    found_path, why = draft.problems[0]
    assert (found_path, place_of(draft.places, path)) == (path, place)
    assert message in why


def test_documents_of_both_languages_are_read_in_order() -> None:
    """A text may have several documents, and each has the lines of the whole text."""
    handler = '{"type": "Handler", "metadata": {"name": "h"}, "spec": {"type": "pipe"}}'
    first, second, third = read_drafts(f"{CHECK}---\n{handler} {handler}\n", "default")
    assert [draft.kind.type for draft in (first, second, third) if draft.kind] == ["CheckConfig", "Handler", "Handler"]
    assert place_of(second.places, "spec.type") == (14, 57)
    assert place_of(third.places, "spec.type") == (14, 57 + len(handler) + 1)
    assert third.yaml.startswith("type: Handler\nmetadata:\n  name: h\n")
