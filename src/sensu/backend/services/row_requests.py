"""What requests for rows of any kind begin with: may the caller list it, is the request valid, is it one too many."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import Identity
from sensu.backend.services.at_once import AtOnce
from sensu.backend.services.lists import selection_of
from sensu.backend.services.outcomes import Denied, Found, Invalid, Refusal, TooMany
from sensu.backend.services.pages import PageRequest
from sensu.resources.kinds import Kind
from sensu.rules.finding import word_problem
from sensu.rules.selectors.selection import Selection

LIMIT_DEFAULT, LIMIT_MAX = 100, 500
SEARCHES_MAX = 4
"""How many searches of one caller run at the same time; more are refused."""
ORDERS = ("severity", "name")
TOO_MANY_SEARCHES = TooMany(f"a caller has at most {SEARCHES_MAX} searches under way, try again later")

MakesPage = Callable[[Selection | None], Awaitable[Found]]


class AskedRows(Protocol):
    """A request for rows that are sorted, searched by words, and chosen by selectors."""

    @property
    def order(self) -> str:
        """How they are sorted."""
        ...

    @property
    def limit(self) -> int:
        """The largest number of them."""
        ...

    @property
    def word(self) -> str:
        """The words in their names."""
        ...

    @property
    def label_selectors(self) -> tuple[str, ...]:
        """Expressions that their labels match."""
        ...

    @property
    def field_selectors(self) -> tuple[str, ...]:
        """Expressions that their fields match."""
        ...


class RowSearches:
    """Answers requests for the rows of a kind, for callers who may list it; each caller has a few under way."""

    def __init__(self, kind: Kind, access: Access, orders: Sequence[str] = ORDERS) -> None:
        self._kind, self._access, self._orders = kind, access, orders
        self._searches = AtOnce(SEARCHES_MAX)

    async def found(self, caller: Identity, namespace: str, asked: AskedRows, page: MakesPage) -> Found | Refusal:
        """The page that is made with what the selectors choose (None without any), or why there is none."""
        if not self._access.allows(caller, "list", self._kind.segment, namespace=namespace):
            return Denied()
        problem = rows_problem(asked.order, asked.limit, asked.word, self._orders)
        if problem:
            return Invalid(problem)
        selectors = PageRequest(label_selectors=asked.label_selectors, field_selectors=asked.field_selectors)
        selection = selection_of(self._kind, selectors)
        if isinstance(selection, Invalid):
            return selection
        with self._searches.admitted(caller) as admitted:
            return await page(selection) if admitted else TOO_MANY_SEARCHES


def rows_problem(order: str, limit: int, word: str, orders: Sequence[str] = ORDERS) -> str:
    """What is wrong with a request for rows; empty if nothing is."""
    if order not in orders:
        return f"order must be one of {', '.join(orders)}"
    if not 0 < limit <= LIMIT_MAX:
        return f"limit must be between 1 and {LIMIT_MAX}"
    return word_problem(word)
