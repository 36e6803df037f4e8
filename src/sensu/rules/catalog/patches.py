"""The resources of an integration with its patches applied.

Source: docs, "Catalog integrations reference", resource patches attributes; RFC 6901 and RFC 6902.
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from sensu.errors import InvalidResource
from sensu.resources.catalog import Integration, PatchOperation, PatchTarget
from sensu.resources.envelope import SPEC, unwrapped
from sensu.resources.kinds import kind_of_type
from sensu.resources.wire import convert_client
from sensu.rules.catalog.substitute import CatalogVariables, substituted

ADD, REPLACE = "add", "replace"
OPERATIONS = (ADD, REPLACE)
END = "-"
"""The step of a path after the last item of a list."""
NO_RESOURCE = "the integration has no such resource"
ResourceDocument = dict[str, Any]


class SkippedPatch(NamedTuple):
    """An operation that was not applied to the resource `title`; `missing` are the variables without an answer."""

    title: str
    path: str
    reason: str
    missing: tuple[str, ...] = ()


class Patched(NamedTuple):
    """The resources in their order, and the operations that were skipped."""

    resources: list[ResourceDocument]
    skipped: list[SkippedPatch]


class _Refused(Exception):
    """An operation does not fit the resource; the text says why."""

    def __init__(self, reason: str, missing: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.missing = missing


def patched(resources: Sequence[Mapping[str, Any]], integration: Integration, variables: CatalogVariables) -> Patched:
    """The resources with the patches applied in order; an operation that fails is skipped.

    Patches find a resource by the name that it has in the integration, also after a patch has changed it. A patch of a
    resource that the integration does not have is skipped as a whole.
    """
    found = [copy.deepcopy(dict(resource)) for resource in resources]
    places = {target_of(resource): number for number, resource in enumerate(found)}
    skipped: list[SkippedPatch] = []
    for patch in integration.resource_patches:
        target, title = patch.resource, title_of_target(patch.resource)
        number = places.get(target)
        for operation in patch.patches:
            if number is None:
                skipped.append(SkippedPatch(title, operation.path, NO_RESOURCE))
                continue
            try:
                found[number] = _with_operation(found[number], operation, variables)
            except _Refused as err:
                skipped.append(SkippedPatch(title, operation.path, str(err), err.missing))
    return Patched(found, skipped)


def target_of(resource: Mapping[str, Any]) -> PatchTarget:
    """How patches name a resource."""
    metadata = resource.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    type_name, api_version = resource.get("type"), resource.get("api_version")
    return PatchTarget(api_version=str(api_version or ""), type=str(type_name or ""), name=str(name or ""))


def title_of_target(target: PatchTarget) -> str:
    """`CheckConfig system-check`."""
    return f"{target.type} {target.name}".strip()


def _with_operation(
    resource: ResourceDocument, operation: PatchOperation, variables: CatalogVariables
) -> ResourceDocument:
    try:
        value, missing = substituted(operation.value, variables)
    except InvalidResource as err:
        raise _Refused(str(err)) from err
    if missing:
        raise _Refused(f"{', '.join(missing)}: no answer", missing)
    changed = with_value(resource, operation, value)
    if not _is_readable(resource) or _is_readable(changed):
        return changed
    in_text = with_value(resource, operation, substituted(operation.value, variables, as_text=True).value)
    return in_text if _is_readable(in_text) else changed


def with_value(resource: ResourceDocument, operation: PatchOperation, value: Any) -> ResourceDocument:
    """A copy of the resource with one operation applied."""
    if operation.op not in OPERATIONS:
        raise _Refused(f"the operation {operation.op!r} is unknown; known ones are {' and '.join(OPERATIONS)}")
    steps = pointer_steps(operation.path)
    if steps is None:
        raise _Refused("the path does not begin with a slash")
    changed = copy.deepcopy(resource)
    *way, last = steps
    container: Any = changed
    for number, step in enumerate(way, 1):
        if operation.op == ADD and last == END and number == len(way):
            _require_list(changed, container, way)
        container = _within(container, step)
    if isinstance(container, list):
        _put_in_list(container, last, value, operation.op)
    elif isinstance(container, dict):
        if operation.op == REPLACE and last not in container:
            raise _Refused(f"{last!r} does not exist")
        container[last] = value
    else:
        raise _Refused(f"{last!r} would be part of a value that has no parts")
    return changed


def _require_list(resource: Mapping[str, Any], container: Any, way: list[str]) -> None:
    """Create the list at a path if it is null, or left out and a field of the kind: both mean an empty list."""
    step = way[-1]
    if not isinstance(container, dict) or container.get(step) is not None:
        return
    if step in container or (way == [SPEC, step] and _has_list(resource, step)):
        container[step] = []


def _has_list(resource: Mapping[str, Any], name: str) -> bool:
    kind = kind_of_type(str(resource.get("type")), str(resource.get("api_version")))
    fields = () if kind is None else msgspec.structs.fields(kind.shape)
    hint = next((field.type for field in fields if field.encode_name == name), None)
    try:
        return isinstance(msgspec.convert([], hint), tuple)
    except (msgspec.ValidationError, TypeError):
        return False


def pointer_steps(path: str) -> list[str] | None:
    """The steps of a JSON pointer, None if the text is none or points to the whole document."""
    if not path.startswith("/"):
        return None
    return [step.replace("~1", "/").replace("~0", "~") for step in path[1:].split("/")]


def _within(container: Any, step: str) -> Any:
    if isinstance(container, dict) and step in container:
        return container[step]
    if isinstance(container, list):
        return container[_index(step, len(container) - 1)]
    raise _Refused(f"{step!r} does not exist")


def _put_in_list(items: list[Any], step: str, value: Any, operation: str) -> None:
    if operation == REPLACE:
        items[_index(step, len(items) - 1)] = value
    else:
        items.insert(len(items) if step == END else _index(step, len(items)), value)


def _index(step: str, last: int) -> int:
    is_number = step.isascii() and step.isdecimal() and (step == "0" or not step.startswith("0"))
    if not is_number or len(step) > 9 or int(step) > last:
        raise _Refused(f"the list has no item {step!r}")
    return int(step)


def _is_readable(resource: ResourceDocument) -> bool:
    """Whether the fields of a resource have the types of its kind."""
    kind = kind_of_type(str(resource.get("type")), str(resource.get("api_version")))
    if kind is None:
        return False
    try:
        convert_client(kind.shape, unwrapped(kind, resource))
    except (InvalidResource, AttributeError, TypeError):
        return False
    return True
