"""Limits on the size of queries and on the work that they cause; larger ones are refused."""

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
"""A request with more queries is refused (400)."""
QUERY_CHARACTERS_MAX = 32_768
TOKENS_MAX = 5_000
"""Parsing stops at this number of tokens."""
FIELDS_MAX = 1_000
"""The maximum number of fields and fragment uses in a query. Those in fragments count for each use.
`__typename`, which clients add to every selection, does not count."""
DEPTH_MAX = 30
"""The maximum nesting of fields and fragments."""
REPEATED_MAX = 30
"""How often a field may be repeated in one place of the response: validation compares each pair of repetitions."""
WORK_MAX = 100_000
"""The maximum cost of a response: 1 for each resource of a list that is searched, `RESOURCE_WORK` for each one shown,
and for each element shown the number of its selected fields. That is about one second of this process; a query that
exceeds it ends without data."""
RESOURCE_WORK = 5
INTROSPECTION_WORK = 40_000
"""The cost of a query for the schema."""
LIMIT_MAX = 1_000
"""The maximum number of nodes in a page, whatever its `limit`; `pageInfo` says whether more follow."""
SEARCHED_MAX = 10_000
"""The maximum number of resources of a list that are read, filtered and sorted; `partialCount` is set if more exist."""
TOO_MUCH_WORK = "the query is too expensive; select fewer fields or request smaller pages"
_OF_SCHEMA = ("__schema", "__type")


class TooLarge(GraphQLError):
    """A query that exceeds a limit."""


@dataclass(frozen=True, slots=True)
class QuerySize:
    """The number of fields of a query, and whether it includes the schema."""

    fields: int
    introspects: bool


class RemainingCost:
    """The remaining cost that the response to a request may have."""

    def __init__(self) -> None:
        self._left = WORK_MAX
        self._selected: dict[tuple[int, ...], int] = {}

    @property
    def is_exhausted(self) -> bool:
        """Whether the request has exceeded its limit."""
        return self._left < 0

    def starts(self, query: QuerySize) -> None:
        """Count the start of a query, after the earlier ones have ended; raises TooLarge."""
        self._selected = {}
        self._spend(INTROSPECTION_WORK if query.introspects else 0)

    def searched(self, resources: int) -> None:
        """Count searched resources of a list; raises TooLarge."""
        self._spend(resources)

    def shown(self, resources: int, info: GraphQLResolveInfo[Any]) -> None:
        """Count resources shown in a field, with the selected fields of each; raises TooLarge."""
        if resources:
            self._spend(resources * (RESOURCE_WORK + self._selected_in(info)))

    def listed(self, elements: int, info: GraphQLResolveInfo[Any]) -> None:
        """Count elements of a resource shown in a field, with the selected fields of each; raises TooLarge."""
        if elements:
            self._spend(elements * max(1, self._selected_in(info)))

    def _selected_in(self, info: GraphQLResolveInfo[Any]) -> int:
        """The number of fields selected of each element of a field."""
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
    """The number of fields in a selection, including those of nested selections and fragments."""
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
    """Whether it is an unaliased `__typename`, which Apollo adds to every selection."""
    return isinstance(one, FieldNode) and one.name.value == "__typename" and one.alias is None


def size_of(document: DocumentNode) -> QuerySize:
    """The size of a query; raises TooLarge if its number of fields, depth or number of repetitions is too large."""
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
            raise TooLarge(f"a field can be repeated at most {REPEATED_MAX} times in one place")
        count(one.selection_set, place, depth)

    def count(selections: SelectionSetNode | None, place: tuple[str, ...], depth: int) -> None:
        nonlocal counted
        if depth > DEPTH_MAX:
            raise TooLarge(f"a query can have at most {DEPTH_MAX} levels")
        for one in selections.selections if selections else ():
            counted += not _is_added_by_clients(one)
            if counted > FIELDS_MAX:
                raise TooLarge(f"a query can have at most {FIELDS_MAX} fields")
            if isinstance(one, FieldNode):
                count_field(one, place, depth + 1)
            elif isinstance(one, InlineFragmentNode):
                count(one.selection_set, place, depth + 1)
            elif isinstance(one, FragmentSpreadNode) and one.name.value in fragments:
                count(fragments[one.name.value].selection_set, place, depth + 1)

    for number, definition in enumerate(document.definitions):
        if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode):
            count(definition.selection_set, (str(number),), 1)
    return QuerySize(counted, introspects)
