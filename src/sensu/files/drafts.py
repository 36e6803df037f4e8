"""Drafts of resources as people write them: YAML or JSON, read with all problems and their places."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sensu.errors import InvalidResource
from sensu.files.documents import kind_in, meant
from sensu.files.places import TextPlace, places_of
from sensu.files.values import ParsedDocument, ParseError, parsed_of
from sensu.files.yaml_text import in_natural_order, to_yaml
from sensu.resources import envelope
from sensu.resources.kind import METADATA
from sensu.resources.kinds import Kind
from sensu.resources.metadata import ObjectMeta
from sensu.resources.wire import explain_unknown_fields
from sensu.rules.drafts import in_document, typed
from sensu.rules.kinds.kind_rules import FieldProblem

DOCUMENTS_MAX = 200
_KEYS = ("type", "api_version", METADATA, envelope.SPEC)


@dataclass(slots=True)
class DraftDocument:
    """A document of a draft: its value, and the resource in it without the fields that cannot be read.

    The paths of `problems` and `warnings` are those of the document.
    """

    value: Mapping[str, Any] = field(default_factory=dict)
    kind: Kind | None = None
    body: dict[str, Any] = field(default_factory=dict)
    resource: Any = None
    problems: list[FieldProblem] = field(default_factory=list)
    warnings: list[FieldProblem] = field(default_factory=list)
    places: Mapping[str, TextPlace] = field(default_factory=lambda: {"": (1, 1)})

    @property
    def yaml(self) -> str:
        """The document as sensuctl writes it."""
        return to_yaml({key: in_natural_order(value) for key, value in self.value.items()}) if self.value else ""


def read_drafts(text: str, namespace: str) -> list[DraftDocument]:
    """The documents of a text; resources without a namespace are in `namespace`.

    Reading ends at the first document that is not valid YAML or JSON, and after DOCUMENTS_MAX.
    """
    found: list[DraftDocument] = []
    try:
        for parsed in parsed_of(text):
            found.append(_read(parsed, namespace))
            if len(found) > DOCUMENTS_MAX:
                break
    except ParseError as err:
        broken = DraftDocument(problems=[FieldProblem("", err.problem)], places={"": (err.line, err.column)})
        found.append(broken)
    return found


def _read(parsed: ParsedDocument, namespace: str) -> DraftDocument:
    if not isinstance(parsed.value, dict):
        return DraftDocument(problems=[FieldProblem("", "a resource must be an object")], places={"": (parsed.line, 1)})
    draft = DraftDocument(parsed.value, places=places_of(parsed))
    try:
        draft.kind = kind_in(parsed.value)
    except InvalidResource as err:
        draft.problems.append(FieldProblem("type", str(err).removeprefix("error parsing spec: ")))
        return draft
    for name in (envelope.SPEC, METADATA):
        if not isinstance(parsed.value.get(name), dict | (type(None) if name == METADATA else dict)):
            missing = "no spec provided" if parsed.value.get(name) is None else f"{name} must be an object"
            draft.problems.append(FieldProblem(name, missing))
    if draft.problems:
        return draft
    draft.warnings = list(_unknown(draft.kind, parsed.value))
    draft.body = envelope.unwrapped(draft.kind, parsed.value)
    if draft.kind.has_metadata and draft.kind.namespaced and not draft.body[METADATA].get("namespace"):
        draft.body[METADATA] = {**draft.body[METADATA], "namespace": namespace}
    draft.resource, problems = typed(draft.kind, draft.body)
    draft.problems = [FieldProblem(in_document(path), message) for path, message in problems]
    return draft


def _unknown(kind: Kind, value: Mapping[str, Any]) -> Iterator[FieldProblem]:
    for key in value:
        if key not in _KEYS:
            yield FieldProblem(str(key), f'unknown field "{key}"; a document has {", ".join(_KEYS)}')
    for name in explain_unknown_fields(ObjectMeta, value.get(METADATA) or {}):
        yield FieldProblem(f"{METADATA}.{name}", f'unknown field "{name}"')
    for name in explain_unknown_fields(kind.shape, value[envelope.SPEC]):
        yield FieldProblem(f"{envelope.SPEC}.{name}", f'unknown field "{name}"{meant(kind, name)}')
