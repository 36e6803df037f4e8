"""The definition of an integration: how it is read, and the rules that it must follow.

Source: docs, "Catalog integrations reference", integration specification.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sensu.errors import InvalidResource
from sensu.resources.catalog import API_VERSION, TYPE, Integration, PatchOperation, Prompt, PromptInput
from sensu.resources.wire import convert_client
from sensu.rules.catalog.formats import KNOWN as KNOWN_FORMATS
from sensu.rules.catalog.patches import OPERATIONS, patched, pointer_steps, target_of, title_of_target
from sensu.rules.catalog.prompts import (
    MARKDOWN,
    QUESTION,
    SECTION,
    TYPES,
    Unsuitable,
    as_question,
    inputs_of,
    questions_of,
    shape_of,
    typed,
)
from sensu.rules.catalog.substitute import UNIQUE_ID, CatalogVariables, variables_in
from sensu.rules.catalog.versions import is_part_of_a_name
from sensu.rules.kinds.kind_rules import FieldProblem

CLASSES = ("community", "supported", "enterprise", "partner")
PROVIDERS = (
    "alerts", "deregistration", "discovery", "events", "incidents", "metrics", "monitoring", "remediation",
)  # fmt: skip
_VARIABLE_NAME = re.compile("[A-Za-z_][A-Za-z0-9_-]*")
_REFERENCE = re.compile(r"[a-z_]+(?:\.[a-z_]+)*/v[0-9][a-z0-9]*/[A-Za-z_-]+/[A-Za-z_]+(?:/[A-Za-z_]+)*")
_EXAMPLES: Mapping[str, Any] = {
    "string": "x", "integer": 1, "number": 1, "boolean": True, "array": ["x"], "object": {"x": "x"},
}  # fmt: skip


def definition_of(document: Any) -> Integration:
    """The integration in a document `{type, api_version, metadata, spec}`; raises InvalidResource."""
    if not isinstance(document, Mapping):
        raise InvalidResource("the definition must be an object")
    api_version, type_name = document.get("api_version"), document.get("type")
    if (api_version, type_name) != (API_VERSION, TYPE):
        raise InvalidResource(
            f"the definition must have the type {TYPE} and the api_version {API_VERSION}, "
            f"not {type_name or 'nothing'} and {api_version or 'nothing'}"
        )
    spec = document.get("spec")
    if not isinstance(spec, Mapping):
        raise InvalidResource("spec must be an object")
    return convert_client(Integration, {**spec, "metadata": document.get("metadata") or {}})


def problems_of(integration: Integration, resources: Sequence[Mapping[str, Any]]) -> Iterator[FieldProblem]:
    """All rules that an integration breaks, with the paths of their fields in the definition."""
    yield from description_problems(integration)
    names: set[str] = set()
    for number, prompt in enumerate(integration.prompts):
        for path, message in _problems_of_prompt(prompt, names):
            yield FieldProblem(f"spec.prompts[{number}]{path and '.'}{path}", message)
    yield from _problems_of_patches(integration, resources)
    for number, step in enumerate(integration.post_install):
        for path, message in _problems_of_text(step):
            yield FieldProblem(f"spec.post_install[{number}].{path}", message)
    for number, resource in enumerate(resources):
        metadata = resource.get("metadata")
        if isinstance(metadata, Mapping) and metadata.get("namespace"):
            title = title_of_target(target_of(resource))
            yield FieldProblem(f"resource {number} ({title}).metadata.namespace", "must be left out")


def description_problems(integration: Integration) -> Iterator[FieldProblem]:
    """The rules that the name and the description of an integration break; without them it cannot be published."""
    for path, name in (("namespace", integration.metadata.namespace), ("name", integration.metadata.name)):
        if not is_part_of_a_name(name):
            yield FieldProblem(f"metadata.{path}", "must consist of lower-case letters, digits, - and _")
    for path in ("display_name", "short_description"):
        if not getattr(integration, path):
            yield FieldProblem(f"spec.{path}", "must not be empty")
    if integration.integration_class not in CLASSES:
        yield FieldProblem("spec.class", f"must be one of {', '.join(CLASSES)}")
    if integration.provider not in PROVIDERS:
        yield FieldProblem("spec.provider", f"must be one of {', '.join(PROVIDERS)}")
    if not integration.contributors:
        yield FieldProblem("spec.contributors", "must name at least one contributor")


def _problems_of_prompt(prompt: Prompt, names: set[str]) -> Iterator[tuple[str, str]]:
    question = as_question(prompt)
    if question is None:
        yield from _problems_of_text(prompt)
        return
    name = question.name
    if _VARIABLE_NAME.fullmatch(name) is None:
        yield "name", "must begin with a letter and consist of letters, digits, - and _"
    elif name == UNIQUE_ID:
        yield "name", f"must not be {UNIQUE_ID}, which is a built-in variable"
    elif name in names:
        yield "name", f"{name!r} is used by another question"
    names.add(name)
    shape = shape_of(question)
    if not (shape.title or (shape.items and shape.items.title) or shape.one_of):
        yield "input.title", "must not be empty"
    for path, part in inputs_of(shape, "input"):
        yield from _problems_of_input(part, path)
    try:
        typed(shape.default, shape, name)
    except Unsuitable as err:
        yield "input.default", str(err)


def _problems_of_input(shape: PromptInput, path: str) -> Iterator[tuple[str, str]]:
    if shape.type not in TYPES and shape.const is None and not (shape.properties and not shape.type):
        yield f"{path}.type", f"must be one of {', '.join(TYPES)}"
    if shape.format and shape.format not in KNOWN_FORMATS:
        yield f"{path}.format", f"must be one of {', '.join(KNOWN_FORMATS)}"
    if shape.ref and _REFERENCE.fullmatch(shape.ref) is None:
        yield f"{path}.ref", "must be GROUP/VERSION/TYPE/FIELD, for example core/v2/pipeline/metadata/name"


def _problems_of_text(step: Prompt) -> Iterator[tuple[str, str]]:
    if step.type not in (SECTION, MARKDOWN):
        yield "type", f"must be one of {SECTION}, {MARKDOWN}, {QUESTION}"
    elif step.type == SECTION and not step.title:
        yield "title", "must not be empty for a section"
    elif step.type == MARKDOWN and not step.body:
        yield "body", "must not be empty for a markdown text"


def _problems_of_patches(integration: Integration, resources: Sequence[Mapping[str, Any]]) -> Iterator[FieldProblem]:
    targets = {target_of(resource) for resource in resources}
    variables = example_variables(integration)
    for number, patch in enumerate(integration.resource_patches):
        path = f"spec.resource_patches[{number}]"
        if patch.resource not in targets:
            named = title_of_target(patch.resource)
            yield FieldProblem(f"{path}.resource", f"{named} is not a resource of the integration")
            continue
        is_sound = True
        for place, operation in enumerate(patch.patches):
            for field, message in _problems_of_operation(operation, variables):
                is_sound = False
                yield FieldProblem(f"{path}.patches[{place}].{field}", message)
        if is_sound:
            alone = type(integration)(metadata=integration.metadata, resource_patches=(patch,))
            for skipped in patched(resources, alone, variables).skipped:
                yield FieldProblem(path, f"{skipped.title}: {skipped.path} cannot be changed: {skipped.reason}")


def _problems_of_operation(operation: PatchOperation, variables: CatalogVariables) -> Iterator[tuple[str, str]]:
    if operation.op not in OPERATIONS:
        yield "op", f"must be {' or '.join(OPERATIONS)}"
    if pointer_steps(operation.path) is None:
        yield "path", "must be a JSON pointer, which begins with a slash"
    if operation.value is None:
        yield "value", "is missing"
    for name in variables_in(operation.value):
        if name.partition(".")[0] not in variables.known:
            yield "value", f"[[{name}]]: the variable {name.partition('.')[0]!r} is unknown"
        elif variables.has_no(name):
            yield "value", f"[[{name}]]: the question {name.partition('.')[0]!r} has no part of this name"


def example_variables(integration: Integration) -> CatalogVariables:
    """An answer to every question with all parts that it may have."""
    values = {question.name: _example(shape_of(question)) for question in questions_of(integration)}
    return CatalogVariables(frozenset((UNIQUE_ID, *values)), {**values, UNIQUE_ID: "00000000"})


def _example(shape: PromptInput, depth: int = 0) -> Any:
    properties = {
        key: part for option in (shape, *(shape.one_of or ())) for key, part in (option.properties or {}).items()
    }
    if properties and depth < 4:
        return {key: _example(part, depth + 1) for key, part in properties.items()}
    return _EXAMPLES.get(shape.type, "x")
