"""Resources in files: YAML or JSON with one or more documents `{type, api_version, metadata, spec}`.

Source: docs "Create and manage resources with sensuctl"; recorded sensuctl sessions create-files, create-errors.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sensu.errors import InvalidResource
from sensu.resources import envelope
from sensu.resources.kinds import CORE_V2, EVENT, EVERY_KIND, SILENCED, TESSEN, Kind, is_open
from sensu.resources.wire import convert_client, explain_unknown_fields, known_fields
from sensu.rules.kinds.silenced import name_of_entry
from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.file_values import values_of
from sensu.sensuctl.paths import resource_path
from sensu.sensuctl.spelling import did_you_mean
from sensu.sensuctl.type_names import api_versions, kind_of_type

MANAGED_BY_LABEL = "sensu.io/managed_by"
PROBLEMS_SHOWN_MAX = 10
COUNTED_MAX = 10
"""The maximum number of resources in a file whose messages give only a number."""
ABSENT_REMARK = " (not a type of this product; it may be one of Sensu Go's commercial edition)"


@dataclass(frozen=True, slots=True)
class Document:
    """One resource of a file: its kind, namespace and body in the form of core/v2."""

    kind: Kind
    name: str
    namespace: str
    body: dict[str, Any]
    line: int
    source: str = ""

    @property
    def place(self) -> str:
        """Its place, for messages: `checks.yml, line 12`."""
        return f"{self.source}, line {self.line}"

    def title(self, default_namespace: str) -> str:
        """`CheckConfig default/disk`, `Namespace production`, `Event default/server/disk`."""
        namespace = self.namespace_in(default_namespace)
        return f"{self.kind.type} {'/'.join(part for part in (namespace, *self.names()) if part)}".rstrip()

    def path(self, default_namespace: str) -> str:
        """The URL path of the resource."""
        namespace = self.namespace_in(default_namespace)
        return resource_path(self.kind, namespace, *(name for name in self.names() if name))

    def namespace_in(self, default: str) -> str:
        """Its namespace, empty for cluster-wide resources."""
        return (self.namespace or default) if self.kind.namespaced else ""

    def names(self) -> tuple[str, ...]:
        """The end of the path: its name, the entity and check of an event, nothing for the only resource of a kind."""
        if self.kind is EVENT:
            parts = (self.body.get("entity") or {}, self.body.get("check") or {})
            return tuple(str((part.get("metadata") or {}).get("name", "")) for part in parts)
        return () if self.kind is TESSEN else (self.name,)


@dataclass(frozen=True, slots=True)
class DocumentProblem:
    """A problem of one resource of a file; a warning does not stop the run."""

    index: int
    line: int
    text: str
    warning: bool = False
    api_version: str = ""


def read_documents(text: str) -> Iterator[Document | DocumentProblem]:
    """The resources of a file in order, and their problems; raises InvalidResource if the file cannot be parsed."""
    for index, (line, value) in enumerate(values_of(text)):
        try:
            yield from _document(index, line, value)
        except InvalidResource as err:
            api_version = value.get("api_version") if isinstance(value, dict) else ""
            yield DocumentProblem(index, line, str(err), api_version=str(api_version or ""))


def parse_documents(context: Context, text: str, source: str = "", *, located: bool = False) -> list[Document]:
    """The resources of a file; prints problems on standard error and raises CommandFailed if a resource is invalid.

    Messages number the resources of a file; with `located`, and for long files, they also name file and line.
    """
    where = f"in {source}: " if source else ""
    found: list[Document] = []
    problems: list[DocumentProblem] = []
    try:
        for item in read_documents(text):
            if isinstance(item, Document):
                found.append(replace(item, source=source))
            else:
                problems.append(item)
    except InvalidResource as err:
        raise CommandFailed(f"{where}{err}") from err
    located = located or len(found) + len(problems) > COUNTED_MAX
    for problem in problems[:PROBLEMS_SHOWN_MAX]:
        place = f" ({source}, line {problem.line})" if located else ""
        absent = ABSENT_REMARK if context.for_people and _may_be_commercial(problem) else ""
        context.say(f"resource {problem.index}{place}: {problem.text}{absent}")
    if any(not problem.warning for problem in problems):
        raise CommandFailed(f"{where}some resources couldn't be parsed")
    return found


def _may_be_commercial(problem: DocumentProblem) -> bool:
    """Whether an unknown type is of an API group other than core; Sensu Go has those in its commercial edition."""
    return problem.text.startswith("error parsing spec") and not is_open(problem.api_version or CORE_V2)


def body_to_put(document: Document, default_namespace: str, *, managed: bool) -> dict[str, Any]:
    """The body to send, with its namespace and, if `managed`, the label of sensuctl.

    The APIs of some kinds take it in its envelope.
    """
    metadata = document.body.get("metadata")
    body = document.body
    if metadata is not None:
        placed = dict(metadata)
        if managed:
            placed["labels"] = _managed(metadata.get("labels"))
        namespace = document.namespace_in(default_namespace)
        if namespace and (managed or document.kind is not EVENT):  # a dump shows events without one
            placed["namespace"] = namespace
        body = {**body, "metadata": placed}
    return envelope.wrapped(document.kind, body) if document.kind.wrapped else body


def _managed(labels: Mapping[str, str] | None) -> dict[str, str]:
    labelled = dict(labels or {})
    if labelled.get(MANAGED_BY_LABEL) != "sensu-agent":
        labelled[MANAGED_BY_LABEL] = "sensuctl"
    return labelled


def _document(index: int, line: int, value: Any) -> Iterator[Document | DocumentProblem]:
    value = {} if value is None else value
    if not isinstance(value, dict):
        raise InvalidResource("error parsing data as wrapped-json: a resource must be an object")
    kind = _kind_of(value)
    spec = value.get("spec")
    if not isinstance(spec, dict):
        raise InvalidResource("no spec provided")
    metadata = value.get("metadata")
    metadata = {} if metadata is None else metadata
    if not isinstance(metadata, dict):
        raise InvalidResource("metadata must be an object")
    for name in explain_unknown_fields(kind.shape, spec):
        yield DocumentProblem(index, line, f'warning: json: unknown field "{name}"{_meant(kind, name)}', warning=True)
    body = envelope.unwrapped(kind, value)
    try:
        convert_client(kind.shape, body)
    except InvalidResource as err:
        raise InvalidResource(_with_key_named(body, str(err))) from err
    if kind is SILENCED and not metadata.get("name"):
        name = name_of_entry(str(spec.get("subscription") or ""), str(spec.get("check") or ""))
        body["metadata"] = {**(body.get("metadata") or {}), "name": name}
    found = body.get("metadata") or metadata
    own_name = "" if "metadata" in body else spec.get("name") or spec.get("username")
    name = str(own_name or found.get("name") or spec.get("name") or spec.get("username") or "")
    yield Document(kind, name, _namespace_of(kind, found, spec), body, line)


def _namespace_of(kind: Kind, metadata: Mapping[str, Any], spec: Mapping[str, Any]) -> str:
    """The namespace of a resource, empty for none; an event has the namespace of its entity."""
    entity = spec.get("entity") if kind is EVENT else None
    inner = entity.get("metadata") if isinstance(entity, dict) else None
    found = inner.get("namespace") if isinstance(inner, dict) else None
    return str(found or metadata.get("namespace") or "")


def _with_key_named(body: Any, problem: str) -> str:
    """The problem with the key of the wrong entry instead of `[...]`: `labels[...]: expected str`."""
    path, found, rest = problem.partition("[...]")
    if not found:
        return problem
    value = body
    for part in re.findall(r"[^.\[\]]+", path):
        try:
            value = value[int(part)] if isinstance(value, list) else value[part]
        except (KeyError, IndexError, ValueError, TypeError):
            return problem
    entries = value.items() if isinstance(value, dict) else ()
    wrong = next((str(key) for key, entry in entries if not isinstance(entry, str)), "[...]")
    return f"{path}.{wrong}{rest}"


def _kind_of(value: Mapping[str, Any]) -> Kind:
    type_name, api_version = str(value.get("type") or ""), str(value.get("api_version") or CORE_V2)
    if api_version not in api_versions():
        raise InvalidResource("error parsing spec: api not found")
    kind = kind_of_type(type_name, api_version)
    if kind is None:
        types = [one.type for one in EVERY_KIND if one.api_version == api_version]
        raise InvalidResource(
            f'error parsing spec: type could not be found: "{type_name}"{did_you_mean(type_name, types)}'
        )
    return kind


def _meant(kind: Kind, place: str) -> str:
    """A suggestion for an unknown field."""
    return did_you_mean(place.rpartition(".")[2], known_fields(kind.shape, place))
