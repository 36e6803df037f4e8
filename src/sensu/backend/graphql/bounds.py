"""How large a query may be, and the work that it may cause; what is larger is refused."""

from collections import Counter
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

QUERIES_MAX = 10
"""A request of more queries is refused as a whole (400)."""
QUERY_CHARACTERS_MAX = 32_768
TOKENS_MAX = 3_000
"""A query of more tokens is not parsed further."""
FIELDS_MAX = 600
"""The fields and uses of fragments in a query, with those inside of fragments counted wherever they are used."""
DEPTH_MAX = 30
"""How deep fields and fragments may lie in each other."""
REPEATED_MAX = 30
"""How often one field may stand in one place of the answer: each pair of them is compared before a query is run."""
WORK_MAX = 100_000
"""What the answer to a request may cost: each resource of a list that is searched 1, each that is shown the number of
the query's fields. That is about a second of this process; the query that comes to more ends without data."""
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
        self._fields = 1

    @property
    def is_exhausted(self) -> bool:
        """Whether the request came to more than it may."""
        return self._left < 0

    def starts(self, query: Size) -> None:
        """A query is carried out, the ones before it are done; raises TooLarge."""
        self._fields = query.fields
        self._spend(INTROSPECTION_WORK if query.introspects else 0)

    def searched(self, resources: int) -> None:
        """Resources of a list are searched; raises TooLarge."""
        self._spend(resources)

    def shown(self, resources: int) -> None:
        """Resources are shown; raises TooLarge."""
        self._spend(resources * self._fields)

    def _spend(self, cost: int) -> None:
        self._left -= cost
        if self._left < 0:
            raise TooLarge(TOO_MUCH_WORK)


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
            counted += 1
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
