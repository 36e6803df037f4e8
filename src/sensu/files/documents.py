"""Resources in files: YAML or JSON with one or more documents `{type, api_version, metadata, spec}`.

Source: docs "Create and manage resources with sensuctl"; recorded sensuctl sessions create-files, create-errors.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sensu.errors import InvalidResource
from sensu.files.values import values_of
from sensu.resources import envelope
from sensu.resources.kind import CORE_V2
from sensu.resources.kinds import EVENT, EVERY_KIND, SILENCED, Kind, api_versions, kind_of_type
from sensu.resources.wire import convert_client, explain_unknown_fields, known_fields
from sensu.rules.drafts import with_key_named
from sensu.rules.kinds.silenced import name_of_entry
from sensu.rules.spelling import did_you_mean


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

    def namespace_in(self, default: str) -> str:
        """Its namespace, empty for cluster-wide resources."""
        return (self.namespace or default) if self.kind.namespaced else ""

    def names(self) -> tuple[str, ...]:
        """The end of the path: its name, the entity and check of an event, nothing for the only resource of a kind."""
        if self.kind is EVENT:
            parts = (self.body.get("entity") or {}, self.body.get("check") or {})
            return tuple(str((part.get("metadata") or {}).get("name", "")) for part in parts)
        return () if self.kind.single else (self.name,)


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


def _document(index: int, line: int, value: Any) -> Iterator[Document | DocumentProblem]:
    value = {} if value is None else value
    if not isinstance(value, dict):
        raise InvalidResource("error parsing data as wrapped-json: a resource must be an object")
    kind = kind_in(value)
    spec = value.get("spec")
    if not isinstance(spec, dict):
        raise InvalidResource("no spec provided")
    metadata = value.get("metadata")
    metadata = {} if metadata is None else metadata
    if not isinstance(metadata, dict):
        raise InvalidResource("metadata must be an object")
    for name in explain_unknown_fields(kind.shape, spec):
        yield DocumentProblem(index, line, f'warning: json: unknown field "{name}"{meant(kind, name)}', warning=True)
    body = envelope.unwrapped(kind, value)
    try:
        convert_client(kind.shape, body)
    except InvalidResource as err:
        raise InvalidResource(with_key_named(body, str(err))) from err
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


def kind_in(value: Mapping[str, Any]) -> Kind:
    """The kind of a document; raises InvalidResource if it names none."""
    type_name, api_version = str(value.get("type") or ""), str(value.get("api_version") or CORE_V2)
    if api_version not in api_versions():
        raise InvalidResource("error parsing spec: api not found")
    kind = kind_of_type(type_name, api_version)
    if kind is None or kind.types:
        types = [one.type for one in EVERY_KIND if one.api_version == api_version and not one.types]
        raise InvalidResource(
            f'error parsing spec: type could not be found: "{type_name}"{did_you_mean(type_name, types)}'
        )
    return kind


def meant(kind: Kind, place: str) -> str:
    """A suggestion for an unknown field, empty if none is similar."""
    return did_you_mean(place.rpartition(".")[2], known_fields(kind.shape, place))
