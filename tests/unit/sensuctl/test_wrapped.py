"""Resources in files: what is read, what is told, what is sent."""

import pytest

from sensu.errors import InvalidResource
from sensu.files.documents import Document, DocumentProblem, read_documents
from sensu.sensuctl.wrapped import MANAGED_BY_LABEL, body_to_put, path_of

CHECK = "type: CheckConfig\napi_version: core/v2\nmetadata:\n  name: {}\nspec:\n  command: x\n"
HANDLER = '{"type": "Handler", "api_version": "core/v2", "metadata": {"name": "h"}, "spec": {"type": "pipe"}}'


def documents(text: str) -> list[Document]:
    found = list(read_documents(text))
    assert all(isinstance(one, Document) for one in found), found
    return [one for one in found if isinstance(one, Document)]


def problems(text: str) -> list[DocumentProblem]:
    return [one for one in read_documents(text) if isinstance(one, DocumentProblem)]


def test_many_documents_of_both_languages_stand_in_one_file() -> None:
    """YAML and JSON mix, separated by lines that begin with ---, and JSON objects may follow each other."""
    text = CHECK.format("a") + "--- # comment\n" + HANDLER + "\n" + HANDLER + "\n---\n" + CHECK.format("b") + "---\n"
    found = documents(text)
    assert [(one.kind.type, one.name, one.line) for one in found] == [
        ("CheckConfig", "a", 1),
        ("Handler", "h", 8),
        ("Handler", "h", 9),
        ("CheckConfig", "b", 11),
    ]


@pytest.mark.parametrize("text", ["", "\n", "---\n---\n"])
def test_nothing_is_no_document(text: str) -> None:
    """Separators without anything between them are passed over."""
    assert documents(text) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("   \n", 'error parsing spec: type could not be found: ""'),
        ("type: Nonsense\nspec: {}\n", 'error parsing spec: type could not be found: "Nonsense"'),
        ("type: CheckConfig\n", "no spec provided"),
        ("type: CheckConfig\napi_version: core/v9\nspec: {}\n", "error parsing spec: api not found"),
        ('[{"type": "CheckConfig"}]', "error parsing data as wrapped-json: a resource must be an object"),
        (CHECK.replace("command: x", "command: 1").format("a"), "command: expected str, got int"),
    ],
)
def test_a_wrong_document_is_a_problem_of_its_own(text: str, message: str) -> None:
    """Each resource that cannot be used is named with its reason; the others are read on."""
    found = problems(text + "\n---\n" + CHECK.format("good"))
    assert [(one.index, one.text, one.warning) for one in found] == [(0, message, False)]


def test_an_unknown_field_is_a_warning() -> None:
    """A misspelt field is told, and the resource is used all the same."""
    text = CHECK.format("a") + "  nonsense: 1\n"
    found = list(read_documents(text))
    assert found[0] == DocumentProblem(0, 1, 'warning: json: unknown field "nonsense"', warning=True)
    assert isinstance(found[1], Document)


@pytest.mark.parametrize(
    ("text", "place"), [("type: [unclosed\n", "yaml: line "), (HANDLER + "\n{\n", "line 3: not valid JSON")]
)
def test_what_is_neither_yaml_nor_json_is_refused_with_its_line(text: str, place: str) -> None:
    """Whoever has a typing error in a file reads the line."""
    with pytest.raises(InvalidResource, match=place):
        list(read_documents(text))


def test_types_are_known_in_snake_case_and_without_a_version() -> None:
    """Older files work as they are."""
    found = documents("type: check_config\nmetadata: {name: a}\nspec: {command: x}\n")
    assert (found[0].kind.type, found[0].name) == ("CheckConfig", "a")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (CHECK.format("a"), "/api/core/v2/namespaces/default/checks/a"),
        (CHECK.format("a").replace("spec:", "  namespace: dev\nspec:"), "/api/core/v2/namespaces/dev/checks/a"),
        ("type: Namespace\nspec: {name: dev}\n", "/api/core/v2/namespaces/dev"),
        ("type: User\nspec: {username: bob}\n", "/api/core/v2/users/bob"),
        ("type: TessenConfig\nspec: {opt_out: true}\n", "/api/core/v2/tessen"),
        ("type: Silenced\nmetadata: {name: 'web:*'}\nspec: {}\n", "/api/core/v2/namespaces/default/silenced/web%3A%2A"),
        (
            "type: Event\nspec: {entity: {metadata: {name: e}}, check: {metadata: {name: c}}}\n",
            "/api/core/v2/namespaces/default/events/e/c",
        ),
        ("type: CheckConfig\nspec: {command: x}\n", "/api/core/v2/namespaces/default/checks"),
    ],
)
def test_a_document_knows_where_it_belongs(text: str, path: str) -> None:
    """Its own namespace goes before the one that is configured; cluster-wide kinds have none."""
    assert path_of(documents(text)[0], "default") == path


def test_what_create_sends_says_who_manages_it() -> None:
    """Resources from files carry the label, unless an agent manages them, and their namespace."""
    document = documents(CHECK.format("a"))[0]
    sent = body_to_put(document, "dev", managed=True)
    assert sent["metadata"] == {"name": "a", "namespace": "dev", "labels": {MANAGED_BY_LABEL: "sensuctl"}}
    assert "labels" not in body_to_put(document, "dev", managed=False)["metadata"]
    agents = documents("type: Entity\nmetadata: {name: e, labels: {sensu.io/managed_by: sensu-agent}}\nspec: {}\n")
    assert body_to_put(agents[0], "dev", managed=True)["metadata"]["labels"] == {MANAGED_BY_LABEL: "sensu-agent"}


def test_keys_that_yaml_takes_for_other_values_are_texts() -> None:
    """Annotations called yes, or hooks for status 1, are what JSON makes of them."""
    text = CHECK.format("a").replace("spec:", "  annotations: {yes: a}\nspec:\n  check_hooks: [{1: [h]}]")
    body = documents(text)[0].body
    assert body["metadata"]["annotations"] == {"true": "a"}
    assert body["check_hooks"] == [{"1": ["h"]}]


def test_the_wrong_entry_of_a_map_is_named() -> None:
    """A label that YAML takes for a number is told by its key, however deep it stands."""
    check = "type: CheckConfig\nmetadata: {name: c, labels: {fine: x, port: 80}}\nspec: {command: x}\n"
    asset = "---\ntype: Asset\nmetadata: {name: a}\nspec: {builds: [{}, {headers: {fine: x, retry: 5}}]}\n"
    assert [problem.text for problem in problems(check + asset)] == [
        "metadata.labels.port: expected str, got int",
        "builds[1].headers.retry: expected str, got int",
    ]
