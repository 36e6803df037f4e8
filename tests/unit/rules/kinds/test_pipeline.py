"""Which pipelines are valid."""

import pytest

from sensu.resources.metadata import ObjectMeta, ResourceReference
from sensu.resources.pipeline import Pipeline, PipelineWorkflow
from sensu.rules.kinds.pipeline import RULES

KINDS = {"filter": "EventFilter", "mutator": "Mutator", "handler": "Handler"}


def pipeline(**names: str) -> Pipeline:
    """A pipeline whose workflow refers to a filter, a mutator and a handler of these names."""
    at = {
        role: ResourceReference(name=names.get(role, role), type=kind, api_version="core/v2")
        for role, kind in KINDS.items()
    }
    workflow = PipelineWorkflow(name="page", filters=(at["filter"],), mutator=at["mutator"], handler=at["handler"])
    return Pipeline(metadata=ObjectMeta(name="incidents", namespace="default"), workflows=(workflow,))


def test_a_pipeline_of_sound_references_is_valid() -> None:
    """Letters, digits and the signs of names are fine in references."""
    assert RULES.problem(pipeline(filter="is_incident", mutator="only-check.output", handler="ops:Slack2")) is None


@pytest.mark.parametrize("role", KINDS)
@pytest.mark.parametrize("name", ["a b", " a", "a/b", "a%2Fb", "pr\u00fcfung", "a\n", "{{ .name }}"])
def test_references_have_names_like_those_of_resources(role: str, name: str) -> None:
    """A name that no resource can have is refused, and the message says in which field it is."""
    assert (
        RULES.problem(pipeline(**{role: name})) == f"workflow {role} name cannot contain spaces or special characters"
    )


@pytest.mark.parametrize("role", KINDS)
def test_references_have_names(role: str) -> None:
    """A reference without a name is refused."""
    assert RULES.problem(pipeline(**{role: ""})) == f"workflow {role} name must not be empty"
