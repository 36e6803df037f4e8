"""Rows of checks: when and where each of them runs, what its results are, and what is wrong with it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sensu.backend.stored_form import put
from sensu.resources.asset import Asset
from sensu.resources.check import KEEPALIVE, CheckConfig
from sensu.resources.handler import Handler
from sensu.resources.kinds import ASSET, CHECK, CLUSTER_ROLE, ENTITY, HANDLER, ROLE_BINDING
from sensu.resources.metadata import ObjectMeta
from sensu.resources.role import ClusterRole, Rule
from sensu.resources.role_binding import RoleBinding, RoleRef, Subject
from sensu.rules.schedule import timing
from sensu.store.values import CountedEvents, EventKey, EventSearch, EventState, GroupedBy, PutEvent
from sensu.testing.factories import make_check_config, make_entity, make_metadata
from sensu.testing.virtual_clock import VirtualClock
from tests.flows.api_harness import RunningApi, running_api

PAGER = Handler(metadata=make_metadata("pager"), type="pipe", command="cat")
CHECKS = "/api/sensu/v1/namespaces/default/checks"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(1_700_000_000)


@pytest.fixture
async def api(tmp_path: Path, clock: VirtualClock) -> AsyncIterator[RunningApi]:
    """A backend whose clock stands still."""
    async with running_api(tmp_path, clock=clock) as running:
        yield running


async def asked(api: RunningApi, token: str, path: str, status: int = 200) -> Any:
    answer = await api.call("GET", f"{CHECKS}/{path}", Authorization=token)
    assert answer.status == status, answer.body
    return msgspec.json.decode(answer.body)


async def row(api: RunningApi, token: str, name: str) -> Any:
    (found,) = (await asked(api, token, f"rows?word={name}"))["rows"]
    return found


async def names(api: RunningApi, token: str, query: str = "") -> list[str]:
    return [one["name"] for one in (await asked(api, token, f"rows?{query}"))["rows"]]


def problems(row: Any) -> list[str]:
    return [problem["sort"] for problem in row["problems"]]


def connect(api: RunningApi, agents: dict[str, Sequence[str]]) -> None:
    """Let these agents be connected, by subscription."""
    api.agents.agents = lambda namespace, subscription: agents.get(subscription, ())  # type: ignore[method-assign]


def events(check: str, *severities: int) -> list[PutEvent]:
    return [
        PutEvent(EventKey("default", f"host{number}", check), b"{}", state=EventState(severity, 5))
        for number, severity in enumerate(severities)
    ]


async def stored(api: RunningApi) -> None:
    """A check that is well, one that fails, one that nobody runs, and one that is not published."""
    checks = [
        make_check_config("well", subscriptions=["linux"], handlers=["pager"]),
        make_check_config("ailing", subscriptions=["linux", "web"], handlers=["pager"]),
        make_check_config("lonely", subscriptions=["solaris"], handlers=["pager"]),
        make_check_config("off", subscriptions=["linux"], handlers=["pager"], publish=False),
    ]
    checks[1] = msgspec.structs.replace(checks[1], metadata=make_metadata("ailing", labels={"team": "ops"}))
    await api.store.commit([put(HANDLER, PAGER), *(put(CHECK, check) for check in checks)])
    await api.store.commit([*events("well", 3, 3), *events("ailing", 3, 1, 0, 2, 0), *events("other", 0)])
    connect(api, {"linux": ["web1", "web2"], "web": ["web2", "web3"]})


async def test_a_row_shows_a_check(api: RunningApi, admin: str) -> None:
    """A row has the schedule and the next run, the agents of all subscriptions, and the results by status."""
    await stored(api)
    found = await row(api, admin, "AILING")
    assert found.pop("next") > 0
    assert found == {
        "name": "ailing", "schedule": "every 60 s", "published": True, "round_robin": False, "subdued": False,
        "subscriptions": ["linux", "web"], "agents": 3,
        "critical": 2, "warning": 1, "unknown": 1, "passing": 1,
        "last": None, "handlers": ["pager"], "pipelines": [], "problems": [],
    }  # fmt: skip


async def test_checks_are_counted_sorted_and_filtered(api: RunningApi, admin: str) -> None:
    """The worst results come first, then problems; names, publication, problems and selectors choose."""
    await stored(api)
    answer = await asked(api, admin, "rows?limit=1")
    assert (answer["total"], answer["checks"], answer["published"], answer["troubled"]) == (4, 4, 3, 1)
    assert await names(api, admin) == ["ailing", "lonely", "off", "well"]
    assert await names(api, admin, "order=name&offset=1&limit=2") == ["lonely", "off"]
    assert await names(api, admin, "published=false") == ["off"]
    assert await names(api, admin, "problem=true") == ["lonely"]
    assert await names(api, admin, "labelSelector=team%3D%3Dops") == ["ailing"]
    assert await names(api, admin, "fieldSelector=check.publish%3D%3Dfalse") == ["off"]


async def test_results_are_counted_as_they_are(api: RunningApi, admin: str) -> None:
    """A result that arrives is counted in the next answer."""
    await stored(api)
    assert (await row(api, admin, "well"))["critical"] == 0
    await api.store.commit(events("well", 0))
    assert (await row(api, admin, "well"))["critical"] == 1


async def test_counting_takes_a_small_part_of_the_time(
    api: RunningApi, admin: str, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After counting for 40 ms, the numbers are used for 2 s although results arrive, and then counted again."""
    counted = api.store.event_groups

    async def slowly(search: EventSearch, by: GroupedBy) -> Mapping[str, CountedEvents]:
        await clock.advance(0.04)
        return await counted(search, by)

    monkeypatch.setattr(api.store, "event_groups", slowly)
    await stored(api)
    assert (await row(api, admin, "well"))["critical"] == 0
    await api.store.commit(events("well", 0))
    await clock.advance(1.9)
    assert (await row(api, admin, "well"))["critical"] == 0
    await clock.advance(0.2)
    assert (await row(api, admin, "well"))["critical"] == 1


async def test_the_problems_of_checks(api: RunningApi, admin: str) -> None:
    """Missing agents, assets and handlers, results that never come, and a TTL that is too short are problems."""
    await stored(api)
    assert problems(await row(api, admin, "lonely")) == ["no-agent"]
    for name, check in {
        "a1": make_check_config("a1", subscriptions=["linux"], handlers=["pager"], runtime_assets=["tools", "there"]),
        "a2": make_check_config("a2", subscriptions=["linux"], handlers=["mail"]),
        "a3": make_check_config("a3", subscriptions=["linux"], handlers=[]),
        "a4": make_check_config("a4", subscriptions=["linux"], handlers=["pager"], ttl=70, timeout=20),
    }.items():
        await api.store.commit([put(ASSET, Asset(metadata=make_metadata("there"))), put(CHECK, check)])
        assert check.metadata.name == name
    expected = {"a1": ["asset-missing"], "a2": ["handler-missing"], "a3": ["no-handler"], "a4": ["ttl-short"]}
    assert {name: problems(await row(api, admin, name)) for name in expected} == expected
    (asset,) = (await row(api, admin, "a1"))["problems"]
    assert asset["text"] == "Asset tools does not exist."


async def test_a_check_that_was_due_and_never_ran(api: RunningApi, admin: str) -> None:
    """The last slot is shown; if no result has come by then, the check never ran."""
    check = make_check_config("mute", subscriptions=["linux"], handlers=["pager"])
    await api.store.commit([put(HANDLER, PAGER), put(CHECK, check)])
    connect(api, {"linux": ["web1"]})
    due(api, check, 1_699_999_940.0)
    found = await row(api, admin, "mute")
    assert found["last"] == {"at": 1_699_999_940.0, "outcome": "missed", "why": "no answer"}
    assert problems(found) == ["never-ran"]
    await api.store.commit(events("mute", 3))
    assert problems(await row(api, admin, "mute")) == []


def due(api: RunningApi, check: CheckConfig, at: float) -> None:
    """A slot of a check, with a request that nobody answers until it is closed."""
    when, ledger = timing(check), api.ports.ledger
    assert when is not None
    entry = ledger.begin(check, when, at, int(at))
    ledger.asked(entry, ["linux"], int(at), 1)
    ledger.asked_all(entry)
    ledger._close(entry)


async def test_what_the_caller_may_not_list_is_hidden(api: RunningApi, admin: str) -> None:
    """Without the right to list events and assets, results are not counted and missing assets are not named."""
    await stored(api)
    check = make_check_config("a1", subscriptions=["linux"], handlers=["pager"], runtime_assets=["tools"])
    role = ClusterRole(metadata=ObjectMeta(name="eve"), rules=(Rule(verbs=("list",), resources=("checks",)),))
    binding = RoleBinding(
        metadata=ObjectMeta(name="eve", namespace="default"),
        subjects=(Subject(type="User", name="eve"),),
        role_ref=RoleRef(type="ClusterRole", name="eve"),
    )
    user = {"username": "eve", "password": "P@ssw0rd!", "groups": []}
    assert (await api.call("POST", "/api/core/v2/users", user, Authorization=admin)).status == 201
    eve = await api.token("eve")
    await asked(api, eve, "rows", 403)
    await api.store.commit([put(CHECK, check), put(CLUSTER_ROLE, role), put(ROLE_BINDING, binding)])
    answer = await asked(api, eve, "rows?order=name")
    assert answer["hidden"] == ["events", "assets", "handlers", "pipelines"]
    assert [(one["name"], one["critical"], problems(one)) for one in answer["rows"]] == [
        ("a1", 0, []), ("ailing", 0, []), ("lonely", 0, ["no-agent"]), ("off", 0, []), ("well", 0, []),
    ]  # fmt: skip


async def test_what_cannot_be_asked_of_checks(api: RunningApi, admin: str) -> None:
    """Wrong orders, numbers and flags are refused with the reason."""
    for query, word in (
        ("order=size", "order"),
        ("limit=501", "limit"),
        ("offset=-1", "offset"),
        ("published=maybe", "published"),
        ("problem=2", "problem"),
        (f"word={'x' * 1001}", "word"),
        ("labelSelector=a", "labelSelector"),
    ):
        assert word in (await asked(api, admin, f"rows?{query}", 400))["message"]


async def test_an_explanation_names_the_agents_that_are_away(api: RunningApi, admin: str) -> None:
    """Agents with a subscription of the check that are not connected are named, and since when they are missing."""
    await stored(api)
    hosts = [make_entity(name, subscriptions=["linux"]) for name in ("web1", "web7", "web9")]
    keepalive = PutEvent(EventKey("default", "web7", KEEPALIVE), b"{}", state=EventState(0, 1_000))
    await api.store.commit([*(put(ENTITY, host) for host in hosts), put(ENTITY, make_entity("db1")), keepalive])
    found = await asked(api, admin, "well/explain")
    assert found["away"] == [{"name": "web7", "since": 1_000}, {"name": "web9", "since": 0}]
    assert found["away_total"] == 2
