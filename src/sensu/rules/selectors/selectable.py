"""The fields that selectors can compare: their names, their paths in the JSON, and how they are written as strings.

Source: docs, "API overview", field selectors; 6.14 adds `event.timestamp`, `event.check.last_ok`, `entity.user` and
`silenced.reason`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sensu.rules.selectors.evaluate import LIST_SEPARATOR

Path = tuple[str, ...]
AsText = Callable[[Any], str]


def as_text(value: Any) -> str:
    """A string, empty if it is missing."""
    return "" if value is None else str(value)


def as_flag(value: Any) -> str:
    """`true` or `false`."""
    return "true" if value else "false"


def as_number(value: Any) -> str:
    """A number in decimal, 0 if it is missing."""
    return str(value or 0)


def as_list(value: Any) -> str:
    """The elements joined by commas."""
    return LIST_SEPARATOR.join(map(str, value or ()))


def as_references(value: Any) -> str:
    """References to resources, `core/v2.Pipeline(Name=incidents)`, joined by commas."""
    return LIST_SEPARATOR.join(_reference(one) for one in value or ())


def _reference(one: Mapping[str, Any]) -> str:
    return f"{one.get('api_version', '')}.{one.get('type', '')}(Name={one.get('name', '')})"


@dataclass(frozen=True, slots=True)
class SelectableField:
    """The path of a field in the JSON, and how its value is written."""

    path: Path
    written: AsText = as_text


@dataclass(frozen=True, slots=True, eq=False)
class Selectable:
    """The fields of a kind, by their names after `prefix.`, and the paths of its labels.

    If labels are in several places, the first place that has a label is used.
    """

    prefix: str
    fields: Mapping[str, SelectableField]
    labels: tuple[Path, ...] = (("metadata", "labels"),)

    def within(self, part: str) -> "Selectable":
        """The same for JSON in which everything except the metadata is within a part."""
        fields = {
            name: SelectableField(_within(part, field.path), field.written) for name, field in self.fields.items()
        }
        return Selectable(self.prefix, fields, tuple(_within(part, path) for path in self.labels))


def _within(part: str, path: Path) -> Path:
    return path if path[0] == "metadata" else (part, *path)


NAME = {"name": SelectableField(("metadata", "name"))}
"""The field of every cluster-wide kind."""
PLACE = {**NAME, "namespace": SelectableField(("metadata", "namespace"))}
"""The fields of every namespaced kind."""


def own(written: AsText, *names: str) -> dict[str, SelectableField]:
    """Fields at the top level of the JSON, all written in the same way."""
    return {name: SelectableField((name,), written) for name in names}


def inner(part: str, written: AsText, *names: str) -> dict[str, SelectableField]:
    """Fields within a part of the JSON; their names begin with the part."""
    return {f"{part}.{name}": SelectableField((part, name), written) for name in names}
