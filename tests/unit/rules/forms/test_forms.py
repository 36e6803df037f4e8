"""The forms of kinds, and what they know of the fields."""

import json

import pytest

from sensu.resources.kinds import CHECK, PIPELINE, Kind
from sensu.rules.forms.references import named_in
from sensu.rules.forms.schema import paths_of, schema_of
from sensu.rules.forms.table import FORMS, form_of

_BY_WORD = {kind.segment: kind for kind in FORMS}


@pytest.mark.parametrize("kind", FORMS.values(), ids=lambda form: form.kind.segment)
def test_each_field_of_a_kind_has_its_texts(kind: object) -> None:
    """A field that is added to a struct needs an entry in the form, and no entry is about a field that is gone."""
    form = FORMS[kind.kind]  # type: ignore[attr-defined]
    paths = set(paths_of(form))
    entries = set(form.fields)
    assert paths - entries == set()
    items = {path.rpartition(".")[0] for path in paths} | {f"{path}[].*" for path in paths}
    assert {path for path in entries if path not in paths and path not in items} == set()


@pytest.mark.parametrize("kind", FORMS, ids=lambda kind: kind.segment)
def test_what_a_form_says_leads_somewhere(kind: Kind) -> None:
    """Sections exist, the kinds that fields refer to have URLs, and visible fields have titles."""
    form = FORMS[kind]
    for path, given in form.fields.items():
        assert given.section in ("", *form.sections), path
        assert given.of == "" or given.of in _BY_WORD, path
        assert given.title or given.widget == "hidden", path


def test_a_schema_describes_documents_as_files_have_them() -> None:
    """Metadata and spec, each field with type, bounds, default, texts and input."""
    schema = json.loads(json.dumps(schema_of(FORMS[CHECK])))
    assert schema["$schema"].endswith("2020-12/schema")
    assert schema["x-form"]["named_by"] == "metadata.name"
    spec = schema["properties"]["spec"]["properties"]
    assert spec["interval"] == {
        "type": "integer",
        "minimum": 0,
        "maximum": 4294967295,
        "title": "Interval",
        "description": "Time between runs.",
        "x-form": {"section": "When", "widget": "duration", "unit": "s"},
        "default": 0,
    }
    assert spec["pipelines"]["items"]["properties"]["name"]["x-form"] == {"widget": "reference", "of": "pipelines"}
    assert "prometheus_text" in spec["output_metric_format"]["enum"]
    assert list(spec)[:2] == ["command", "runtime_assets"]


def test_resources_that_another_one_names_are_found_by_its_form() -> None:
    """Lists, objects in lists, and maps are searched, and each name has its path."""
    check = {
        "handlers": ["page", ""],
        "pipelines": [{"name": "incidents"}],
        "check_hooks": [{"critical": ["restart"]}],
        "secrets": [{"name": "A", "secret": "db"}],
    }
    assert [tuple(one) for one in named_in(FORMS[CHECK], check)] == [
        ("secrets[0].secret", "secrets", "db"),
        ("handlers[0]", "handlers", "page"),
        ("pipelines[0].name", "pipelines", "incidents"),
        ("check_hooks[0].critical[0]", "hooks", "restart"),
    ]
    workflow = {"filters": [{"name": "office-hours"}], "handler": {"name": "page"}}
    found = [one.path for one in named_in(FORMS[PIPELINE], {"workflows": [workflow]})]
    assert found == ["workflows[0].filters[0].name", "workflows[0].handler.name"]


def test_a_form_is_found_by_the_word_of_its_kind() -> None:
    """The word is that of URLs; other words have no form."""
    assert form_of("checks") is FORMS[CHECK]
    assert form_of("events") is None


def test_a_reference_with_a_type_is_to_that_kind() -> None:
    """A workflow may lead to a handler of another kind, which is looked for under its own type."""
    handler = {"name": "logs", "type": "TCPStreamHandler", "api_version": "pipeline/v1"}
    named = list(named_in(FORMS[PIPELINE], {"workflows": [{"name": "w", "handler": handler}]}))
    assert named == [("workflows[0].handler.name", "tcp-stream-handlers", "logs")]
