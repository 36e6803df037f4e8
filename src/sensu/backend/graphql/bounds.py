"""How large a query may be, and the work that it may cause; what is larger is refused."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLResolveInfo,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

QUERIES_MAX = 10
"""A request of more queries is refused as a whole (400)."""
QUERY_CHARACTERS_MAX = 32_768
TOKENS_MAX = 5_000
"""A query of more tokens is not parsed further."""
FIELDS_MAX = 1_000
"""The fields and uses of fragments in a query, with those inside of fragments counted wherever they are used.
`__typename`, which clients add to every selection, does not count."""
DEPTH_MAX = 30
"""How deep fields and fragments may lie in each other."""
REPEATED_MAX = 30
"""How often one field may stand in one place of the answer: each pair of them is compared before a query is run."""
WORK_MAX = 100_000
"""What the answer to a request may cost: 1 for each resource of a list that is searched, `RESOURCE_WORK` for each that
is shown, and for each element that is shown the number of fields that are selected of it. That is about a second of
this process; a query that comes to more ends without data."""
RESOURCE_WORK = 5
INTROSPECTION_WORK = 40_000
"""What a query for the schema costs."""
LIMIT_MAX = 1_000
"""A page of a list has at most so many nodes, whatever its `limit`; `pageInfo` tells of the rest."""
SEARCHED_MAX = 10_000
"""Of a longer list so many resources are read, ordered and chosen from; `partialCount` tells that there are more."""
TOO_MUCH_WORK = "the query comes to too much work; ask for fewer fields or smaller pages"
_OF_SCHEMA = ("__schema", "__type")


class TooLarge(GraphQLError):
    """A query that asks for more than a bound allows."""


@dataclass(frozen=True, slots=True)
class Size:
    """How many fields a query has, and whether it asks for the schema."""

    fields: int
    introspects: bool


class Work:
    """What the answer to a request may still cost."""

    def __init__(self) -> None:
        self._left = WORK_MAX
        self._selected: dict[tuple[int, ...], int] = {}

    @property
    def is_exhausted(self) -> bool:
        """Whether the request came to more than it may."""
        return self._left < 0

    def starts(self, query: Size) -> None:
        """A query is carried out, the ones before it are done; raises TooLarge."""
        self._selected = {}
        self._spend(INTROSPECTION_WORK if query.introspects else 0)

    def searched(self, resources: int) -> None:
        """Resources of a list are searched; raises TooLarge."""
        self._spend(resources)

    def shown(self, resources: int, info: GraphQLResolveInfo[Any]) -> None:
        """Resources are shown in a field, with what is selected of each; raises TooLarge."""
        if resources:
            self._spend(resources * (RESOURCE_WORK + self._selected_in(info)))

    def listed(self, elements: int, info: GraphQLResolveInfo[Any]) -> None:
        """Elements of a resource are shown in a field, with what is selected of each; raises TooLarge."""
        if elements:
            self._spend(elements * max(1, self._selected_in(info)))

    def _selected_in(self, info: GraphQLResolveInfo[Any]) -> int:
        """How many fields are selected of each element of a field."""
        place = tuple(map(id, info.field_nodes))
        fields = self._selected.get(place)
        if fields is None:
            fields = sum(_fields_in(node.selection_set, info.fragments) for node in info.field_nodes)
            self._selected[place] = fields
        return fields

    def _spend(self, cost: int) -> None:
        self._left -= cost
        if self._left < 0:
            raise TooLarge(TOO_MUCH_WORK)


def _fields_in(selections: SelectionSetNode | None, fragments: Mapping[str, FragmentDefinitionNode]) -> int:
    """How many fields a selection has, those of nested selections and fragments included."""
    fields = 0
    for one in selections.selections if selections else ():
        if isinstance(one, FieldNode):
            fields += (not _is_added_by_clients(one)) + _fields_in(one.selection_set, fragments)
        elif isinstance(one, InlineFragmentNode):
            fields += _fields_in(one.selection_set, fragments)
        elif isinstance(one, FragmentSpreadNode):
            fields += _fields_in(fragments[one.name.value].selection_set, fragments)
    return fields


def _is_added_by_clients(one: SelectionNode) -> bool:
    """Whether it is `__typename` by that name, which Apollo adds to every selection."""
    return isinstance(one, FieldNode) and one.name.value == "__typename" and one.alias is None


def size_of(document: DocumentNode) -> Size:
    """The size of a query; raises TooLarge where it has too many fields, too deep ones, or one too often."""
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
    repeated: Counter[tuple[str, ...]] = Counter()
    counted = 0
    introspects = False

    def count_field(one: FieldNode, place: tuple[str, ...], depth: int) -> None:
        nonlocal introspects
        introspects = introspects or one.name.value in _OF_SCHEMA
        place = (*place, (one.alias or one.name).value)
        repeated[place] += 1
        if repeated[place] > REPEATED_MAX:
            raise TooLarge(f"a field stands at most {REPEATED_MAX} times in one place")
        count(one.selection_set, place, depth)

    def count(selections: SelectionSetNode | None, place: tuple[str, ...], depth: int) -> None:
        nonlocal counted
        if depth > DEPTH_MAX:
            raise TooLarge(f"a query has at most {DEPTH_MAX} levels")
        for one in selections.selections if selections else ():
            counted += not _is_added_by_clients(one)
            if counted > FIELDS_MAX:
                raise TooLarge(f"a query has at most {FIELDS_MAX} fields")
            if isinstance(one, FieldNode):
                count_field(one, place, depth + 1)
            elif isinstance(one, InlineFragmentNode):
                count(one.selection_set, place, depth + 1)
            elif isinstance(one, FragmentSpreadNode) and one.name.value in fragments:
                count(fragments[one.name.value].selection_set, place, depth + 1)

    for number, definition in enumerate(document.definitions):
        if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode):
            count(definition.selection_set, (str(number),), 1)
    return Size(counted, introspects)
