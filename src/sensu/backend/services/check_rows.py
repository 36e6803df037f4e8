"""Rows of checks: when each of them runs and where, what its results are, and what is wrong with it.

Configurations, agents and the run ledger are in memory; results are counted by an index, at most a small part of the
time.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import msgspec

from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import Identity
from sensu.backend.auth.records import Records
from sensu.backend.ports import Peers, SlotLedger, Subscribers
from sensu.backend.services.check_explanations import schedule_of
from sensu.backend.services.counting_share import CountedNotLongAgo
from sensu.backend.services.entity_rows import chosen_names
from sensu.backend.services.event_selection import numbers_by_check
from sensu.backend.services.outcomes import Found, Refusal
from sensu.backend.services.row_requests import LIMIT_DEFAULT, ORDERS, RowSearches
from sensu.clock import Clock
from sensu.resources.check import CheckConfig
from sensu.resources.kinds import ASSET, CHECK, EVENT, HANDLER, PIPELINE, Kind
from sensu.rules.check_problems import CheckProblem, Surroundings, problems_of
from sensu.rules.finding import has_words
from sensu.rules.run_ledger import Slot, next_runs
from sensu.rules.schedule import timing
from sensu.rules.selectors.selection import Selection
from sensu.rules.severity import CRITICAL, PASSING, UNKNOWN, WARNING
from sensu.store.contract import Store
from sensu.store.values import SeverityNumbers

LOOKED_AT_ONCE = 500
"""After this number of checks, other work goes first."""
_NO_RESULTS: SeverityNumbers = (0, 0, 0, 0)


class LastSlot(msgspec.Struct, frozen=True):
    """The last time the check was due (Unix seconds), what became of it, and why if not every agent ran it."""

    at: float
    outcome: str
    why: str


class CheckRow(msgspec.Struct, frozen=True):
    """A row of a list of checks.

    `schedule` is `every 60 s` or a cron line; `next` is when the check is due next (Unix seconds, 0: never), and
    `subdued` whether it is left out then. `agents` counts the connected agents of its subscriptions. `critical`,
    `warning`, `unknown` and `passing` count its events. `last` is null if it was not due since the backend started.
    """

    name: str
    schedule: str
    published: bool
    round_robin: bool
    next: float
    subdued: bool
    subscriptions: Sequence[str]
    agents: int
    critical: int
    warning: int
    unknown: int
    passing: int
    last: LastSlot | None
    handlers: Sequence[str]
    pipelines: Sequence[str]
    problems: Sequence[CheckProblem]


class CheckRows(msgspec.Struct, frozen=True):
    """A page of a list of checks.

    `total` counts those that match, `published` and `troubled` those of the whole namespace that are published or have
    problems. `hidden` names what the caller may not list, and what is therefore left out.
    """

    revision: int
    total: int
    checks: int
    published: int
    troubled: int
    hidden: Sequence[str]
    rows: Sequence[CheckRow]


class CheckRowsRequest(msgspec.Struct, frozen=True):
    """What part of which list is asked for."""

    order: str = ORDERS[0]
    offset: int = 0
    limit: int = LIMIT_DEFAULT
    word: str = ""
    published: bool | None = None
    problem: bool | None = None
    label_selectors: tuple[str, ...] = ()
    field_selectors: tuple[str, ...] = ()


class _Examined(msgspec.Struct, frozen=True):
    """A check with its results, its last slot and its problems."""

    check: CheckConfig
    results: SeverityNumbers
    last: Slot | None
    problems: Sequence[CheckProblem]

    @property
    def place(self) -> tuple[float, ...]:
        """Sorts checks: those with the most severe and the most failing results first, then those with problems."""
        return (*(-number for number in self.results[:PASSING]), not self.problems)


class CheckLists:
    """Lists the checks of a namespace as rows, for callers who may list them."""

    def __init__(
        self,
        store: Store,
        access: Access,
        records: Records,
        subscribers: Subscribers,
        ledger: SlotLedger,
        peers: Peers,
        clock: Clock,
    ) -> None:
        self._store, self._access, self._records = store, access, records
        self._subscribers, self._ledger, self._peers, self._clock = subscribers, ledger, peers, clock
        self._searches = RowSearches(CHECK, access)
        self._counted: CountedNotLongAgo[Mapping[str, SeverityNumbers]] = CountedNotLongAgo(clock)

    async def rows(self, caller: Identity, namespace: str, asked: CheckRowsRequest) -> Found | Refusal:
        """A page of the list, as JSON of `CheckRows`."""

        async def page(selection: Selection | None) -> Found:
            return await self._page(caller, namespace, asked, selection)

        return await self._searches.found(caller, namespace, asked, page)

    def _may_list(self, caller: Identity, kind: Kind, namespace: str) -> bool:
        return self._access.allows(caller, "list", kind.segment, namespace=namespace)

    async def _page(
        self, caller: Identity, namespace: str, asked: CheckRowsRequest, selection: Selection | None
    ) -> Found:
        await self._store.feed.caught_up()
        revision = self._store.feed.revision
        hidden = [kind for kind in (EVENT, ASSET, HANDLER, PIPELINE) if not self._may_list(caller, kind, namespace)]
        results = None if EVENT in hidden else await self._results(namespace)
        chosen = None if selection is None else await chosen_names(self._store, CHECK, namespace, selection)
        examined = await self._examined(namespace, results, hidden)
        found = [
            one for one in examined if _matches(one, asked) and (chosen is None or one.check.metadata.name in chosen)
        ]
        if asked.order == "severity":
            found.sort(key=lambda one: one.place)
        agents: dict[tuple[str, ...], int] = {}
        page = found[asked.offset : asked.offset + asked.limit]
        rows = CheckRows(
            revision,
            len(found),
            len(examined),
            sum(one.check.publish for one in examined),
            sum(bool(one.problems) for one in examined),
            [kind.segment for kind in hidden],
            [self._row(namespace, one, agents) for one in page],
        )
        return Found(msgspec.json.encode(rows))

    async def _results(self, namespace: str) -> Mapping[str, SeverityNumbers]:
        """How many events of each severity each check has; counting takes longer the more events there are."""
        revision = await self._store.event_changes_revision(namespace)
        return await self._counted.numbers(namespace, revision, lambda: numbers_by_check(self._store, namespace))

    async def _examined(
        self, namespace: str, results: Mapping[str, SeverityNumbers] | None, hidden: Sequence[Kind]
    ) -> list[_Examined]:
        """All checks, in order of their names."""
        examined: list[_Examined] = []
        checks: Sequence[CheckConfig] = self._records.list(CHECK, namespace)
        runs = dict(self._ledger.last_runs(namespace))
        for others in await self._peers.last_runs(namespace):
            runs |= others
        exists = {kind: self._exists(kind, namespace, hidden) for kind in (ASSET, HANDLER, PIPELINE)}
        for number, check in enumerate(checks):
            numbers = _NO_RESULTS if results is None else results.get(check.metadata.name, _NO_RESULTS)
            last = runs.get(check.metadata.name)
            known = Surroundings(
                any(self._subscribers.sessions(namespace, one) for one in check.subscriptions),
                results is None or bool(sum(numbers)),
                last is not None and last.asked_before,
                exists[ASSET],
                exists[HANDLER],
                exists[PIPELINE],
            )
            problems = list(problems_of(check, known))
            examined.append(_Examined(check, numbers, None if last is None else last.slot, problems))
            if number % LOOKED_AT_ONCE == LOOKED_AT_ONCE - 1:
                await asyncio.sleep(0)
        return examined

    def _exists(self, kind: Kind, namespace: str, hidden: Sequence[Kind]) -> Callable[[str], bool] | None:
        if kind in hidden:
            return None
        return lambda name: self._records.get(kind, namespace, name) is not None

    def _row(self, namespace: str, one: _Examined, agents: dict[tuple[str, ...], int]) -> CheckRow:
        """The row; `agents` remembers how many agents the subscriptions of other rows have."""
        check, last = one.check, one.last
        if check.subscriptions not in agents:
            names = set[str]().union(*(self._subscribers.agents(namespace, each) for each in check.subscriptions))
            agents[check.subscriptions] = len(names)
        when = timing(check)
        due = next_runs(check, when, self._clock.now(), 1) if when is not None else []
        at, subdued = due[0] if due else (0.0, False)
        return CheckRow(
            name=check.metadata.name,
            schedule=schedule_of(check),
            published=check.publish,
            round_robin=check.round_robin,
            next=at,
            subdued=subdued,
            subscriptions=check.subscriptions,
            agents=agents[check.subscriptions],
            critical=one.results[CRITICAL],
            warning=one.results[WARNING],
            unknown=one.results[UNKNOWN],
            passing=one.results[PASSING],
            last=None if last is None else LastSlot(last.at, last.outcome.value, last.why.value),
            handlers=check.handlers,
            pipelines=[each.name for each in check.pipelines],
            problems=one.problems,
        )


def _matches(one: _Examined, asked: CheckRowsRequest) -> bool:
    if asked.published is not None and one.check.publish is not asked.published:
        return False
    if asked.problem is not None and bool(one.problems) is not asked.problem:
        return False
    return has_words(one.check.metadata.name, asked.word)
