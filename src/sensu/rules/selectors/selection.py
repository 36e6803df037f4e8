"""Compiles the selectors of a request for a kind.

Compiling once makes lists cheap: only the fields that selectors use are decoded of each resource.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from sensu.errors import InvalidResource
from sensu.rules.selectors.evaluate import fulfilled
from sensu.rules.selectors.parser import Comparison, Requirement, parsed
from sensu.rules.selectors.selectable import Path, Selectable, SelectableField

COMPILED_REMEMBERED_MAX = 256
CHARACTERS_MAX = 16_384
"""The maximum number of characters of all selectors of a request; longer ones are refused."""

_Tree = dict[str, "_Tree | None"]
_Value = Callable[[Any], str | None]


class Selection:
    """Selects resources of a kind.

    `equal` contains the values that fields must equal, by their names without the kind's prefix: a store can look
    them up.
    """

    def __init__(self, selectable: Selectable, labels: Sequence[Requirement], fields: Sequence[Requirement]) -> None:
        tree: _Tree = {}
        self._terms = [(one, _label(selectable, one.key, tree)) for one in labels]
        self._terms += [(one, _value_of(selectable, one.key, tree)) for one in fields]
        self._decode = msgspec.json.Decoder(_shape("View", tree)).decode
        self.equal: Mapping[str, str] = {
            one.key.removeprefix(f"{selectable.prefix}."): one.values[0]
            for one in fields
            if one.comparison is Comparison.EQUALS and not one.negated and one.key.startswith(f"{selectable.prefix}.")
        }

    def holds(self, body: bytes) -> bool:
        """Whether a resource matches, given its public JSON; invalid JSON does not match."""
        try:
            view = self._decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return False
        return all(fulfilled(one, value(view)) for one, value in self._terms)


class JointSelections:
    """Selects resources of a kind for several purposes at once, so that each is decoded only once.

    Fields and labels that several selections use are read once.
    """

    def __init__(
        self,
        selectable: Selectable,
        wanted: Sequence[tuple[Sequence[Requirement], Sequence[Requirement]]],
        also: Sequence[Path] = (),
    ) -> None:
        """`wanted` has the requirements on labels and on fields of each selection; see `values` for `also`."""
        tree: _Tree = {}
        self._values: list[Callable[[Any], Any]] = [_field(SelectableField(path, _as_it_is), tree) for path in also]
        places: dict[tuple[bool, str], int] = {}
        self._terms: list[list[tuple[Requirement, int]]] = []
        for labels, fields in wanted:
            terms = []
            for is_label, one in (*((True, one) for one in labels), *((False, one) for one in fields)):
                place = places.setdefault((is_label, one.key), len(self._values))
                if place == len(self._values):
                    self._values.append((_label if is_label else _value_of)(selectable, one.key, tree))
                terms.append((one, place))
            self._terms.append(terms)
        self._decode = msgspec.json.Decoder(_shape("View", tree)).decode

    def values(self, body: bytes) -> tuple[Any, ...] | None:
        """All values of a resource that the selections depend on, from its JSON; None if that is invalid.

        The first ones are those of the paths `also`, as they are in the JSON.
        """
        try:
            view = self._decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        return tuple([value(view) for value in self._values])

    def holding(self, values: tuple[Any, ...]) -> list[bool]:
        """Which of the selections match a resource with these values."""
        return [all(fulfilled(one, values[place]) for one, place in terms) for terms in self._terms]


def _as_it_is(value: Any) -> Any:
    return value


class Columns:
    """Reads the values of fields and labels of resources, by their names in selectors."""

    def __init__(self, selectable: Selectable, names: Sequence[str]) -> None:
        """The prefix of the kind is optional in names: `labels.region` is `event.labels.region`."""
        tree: _Tree = {}
        prefix = f"{selectable.prefix}."
        self._values = [(name, _value_of(selectable, prefix + name.removeprefix(prefix), tree)) for name in names]
        self._decode = msgspec.json.Decoder(_shape("View", tree)).decode

    def of(self, body: bytes) -> Mapping[str, str]:
        """The values that a resource has."""
        if not self._values:
            return {}
        try:
            view = self._decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return {}
        found = ((name, value(view)) for name, value in self._values)
        return {name: value for name, value in found if value is not None}


class LabelNames:
    """The names of the labels of resources."""

    def __init__(self, selectable: Selectable) -> None:
        tree: _Tree = {}
        for path in selectable.labels:
            _want(tree, path)
        self._paths = selectable.labels
        self._decode = msgspec.json.Decoder(_shape("View", tree)).decode

    def of(self, body: bytes) -> set[str]:
        """The names of the labels of a resource."""
        try:
            view = self._decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return set()
        found: set[str] = set()
        for path in self._paths:
            part: Any = view
            for step in path:
                part = getattr(part, step, None)
            found.update(part if isinstance(part, dict) else ())
        return found


def compiled(
    selectable: Selectable, label_selectors: tuple[str, ...], field_selectors: tuple[str, ...]
) -> Selection | str:
    """Compile all selectors of a request, or return the problem with one of them."""
    if sum(map(len, (*label_selectors, *field_selectors))) > CHARACTERS_MAX:
        return f"the selectors of a request can have at most {CHARACTERS_MAX} characters in total"
    return _compiled(selectable, label_selectors, field_selectors)


@lru_cache(COMPILED_REMEMBERED_MAX)
def _compiled(
    selectable: Selectable, label_selectors: tuple[str, ...], field_selectors: tuple[str, ...]
) -> Selection | str:
    requirements: dict[str, list[Requirement]] = {}
    for word, texts in (("labelSelector", label_selectors), ("fieldSelector", field_selectors)):
        try:
            requirements[word] = [one for text in texts for one in parsed(text)]
        except InvalidResource as err:
            return f"failed to parse {word}: {err}"
    return Selection(selectable, requirements["labelSelector"], requirements["fieldSelector"])


def _value_of(selectable: Selectable, key: str, tree: _Tree) -> _Value:
    """A getter for the field of a selector; a key that the kind does not have is missing in every resource."""
    name = key.removeprefix(f"{selectable.prefix}.")
    if name == key:
        return _missing
    field = selectable.fields.get(name)
    if field is not None:
        return _field(field, tree)
    label = name.removeprefix("labels.")
    return _missing if label == name else _label(selectable, label, tree)


def _missing(_: Any) -> None:
    return None


def _field(field: SelectableField, tree: _Tree) -> _Value:
    path, written = field.path, field.written
    _want(tree, path)

    def value(view: Any) -> str | None:
        for step in path[:-1]:
            view = getattr(view, step)
            if view is None:
                return None
        return written(getattr(view, path[-1]))

    return value


def _label(selectable: Selectable, label: str, tree: _Tree) -> _Value:
    places = selectable.labels
    for path in places:
        _want(tree, path)

    def value(view: Any) -> str | None:
        for path in places:
            found = view
            for step in path:
                found = getattr(found, step)
                if found is None:
                    break
            if isinstance(found, dict) and label in found:
                return str(found[label])
        return None

    return value


def _want(tree: _Tree, path: Path) -> None:
    """Add the leaf at `path` to the decoded fields."""
    for step in path[:-1]:
        below = tree.setdefault(step, {})
        assert below is not None
        tree = below
    tree.setdefault(path[-1], None)


def _shape(name: str, tree: _Tree) -> type[msgspec.Struct]:
    """A struct with the needed parts of a resource, which skips all others."""
    parts: list[tuple[str, Any, Any]] = []
    for step, below in sorted(tree.items()):
        kind = Any if below is None else _shape(f"{name}_{step}", below) | None
        parts.append((step, kind, None))
    return msgspec.defstruct(name, parts, frozen=True, gc=False)
