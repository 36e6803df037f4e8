"""`sensuctl pipeline …`."""

from collections.abc import Iterator, Sequence
from typing import Any

from sensu.resources.kinds import PIPELINE
from sensu.sensuctl.declare import deletion, info, listing
from sensu.sensuctl.resource_commands import Noun, joined, name_of
from sensu.sensuctl.table import Column


def _names(pipeline: Any) -> str:
    return joined([workflow.get("name", "") for workflow in pipeline.get("workflows") or ()])


COLUMNS = (Column("Name", name_of, key=True), Column("Workflows", _names))


def details(pipeline: Any) -> Sequence[tuple[str, Any]]:
    """The rows of `pipeline info`: the workflows with their filters, mutators and handlers."""
    workflows = pipeline.get("workflows") or ()
    return (
        ("Name", name_of(pipeline)),
        ("Workflows", ""),
        *(row for workflow in workflows for row in _workflow(workflow)),
    )


def _workflow(workflow: Any) -> Iterator[tuple[str, Any]]:
    name = str(workflow.get("name", ""))
    yield f"  {name[:1].upper()}{name[1:]}", ""
    for reference in workflow.get("filters") or ():
        yield "    Filter", _reference(reference)
    yield "    Mutator", _reference(workflow.get("mutator"))
    yield "    Handler", _reference(workflow.get("handler"))


def _reference(reference: Any) -> str:
    if not reference:
        return ""
    return f"{reference.get('api_version')}.{reference.get('type')}(Name={reference.get('name')})"


NOUN = Noun(PIPELINE, COLUMNS, details)
COMMANDS = (
    deletion("pipeline", "[PIPELINE]"),
    info("pipeline", "[PIPELINE]"),
    listing("pipeline"),
)
