"""Commits: all or nothing, conditions, and many at once."""

import asyncio
import random
from typing import Any

import pytest

from sensu.errors import StoreError
from sensu.store.values import (
    Committed,
    Conflict,
    DeleteEvent,
    DeleteResource,
    EventKey,
    Key,
    Must,
    OweDelivery,
    PutEvent,
    PutResource,
    PutState,
    Refused,
    SettleDelivery,
    Write,
)
from tests.store.conftest import NAMESPACE, Medium, check_key, commit, event, names, put, put_namespace


async def test_writes_of_every_kind_share_a_commit(store: Any) -> None:
    """A commit may hold every kind of write, and all of them can be read when it returns."""
    owed = OweDelivery(store.next_delivery_id(), "default", b"event", 5.0)
    assert isinstance(await commit(store, put("http"), event("web1", "http"), owed, PutState("a", b"1")), Committed)
    assert (await store.get(check_key("http"))).body == b"{}"
    assert (await store.get_event(EventKey("default", "web1", "http"))).body == b"{}"
    assert list(await store.deliveries_owed(10)) == [owed]
    assert await store.get_state("a") == b"1"


async def test_a_refused_commit_leaves_nothing(store: Any) -> None:
    """When one write is refused no write of its commit is stored, and the refusal names it."""
    await commit(store, put("http", b"old"))
    owed = OweDelivery(store.next_delivery_id(), "default", b"event", 5.0)
    writes = [put("other"), event("web1", "http"), owed, PutState("a", b"1"), put("http", must=Must.BE_ABSENT)]
    assert await store.commit(writes) == Refused(4, Conflict.EXISTS)
    assert await names(store) == ["default/http"]
    assert (await store.get(check_key("http"))).body == b"old"
    assert await store.count_events(None) == 0
    assert not await store.deliveries_owed(10)
    assert await store.get_state("a") is None


async def test_a_refused_commit_leaves_those_beside_it_alone(store: Any) -> None:
    """Commits that wait together stand or fall each by itself."""
    results = await asyncio.gather(
        commit(store, put("a")),
        commit(store, put("b"), put("a", must=Must.BE_ABSENT)),
        commit(store, put("c")),
    )
    assert [type(result) for result in results] == [Committed, Refused, Committed]
    assert await names(store) == ["default/a", "default/c"]


async def test_a_write_the_medium_cannot_take_leaves_those_beside_it_alone(store: Any) -> None:
    """A commit with a name that is no text fails with StoreError; commits that wait with it are stored."""
    results = await asyncio.gather(
        commit(store, put("a")),
        commit(store, put("b"), put("lone \ud800 surrogate")),
        commit(store, put("c")),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [Committed, StoreError, Committed]
    assert results[1].__cause__ is not None
    assert await names(store) == ["default/a", "default/c"]
    assert await store.healthy() == ""


@pytest.mark.parametrize(
    ("write", "expected"),
    [
        (put("http", must=Must.ANY), None),
        (put("http", must=Must.BE_PRESENT), None),
        (put("http", must=Must.BE_ABSENT), Conflict.EXISTS),
        (put("new", must=Must.BE_ABSENT), None),
        (put("new", must=Must.BE_PRESENT), Conflict.NOT_FOUND),
        (put("http", etag_before="one"), None),
        (put("http", etag_before="two"), Conflict.ETAG),
        (put("new", etag_before="one"), Conflict.ETAG),
        (put("new", etag_before="one", must=Must.BE_PRESENT), Conflict.NOT_FOUND),
        (put("new", namespace_must_exist=True), None),
        (put("new", namespace="nowhere", namespace_must_exist=True), Conflict.NAMESPACE_MISSING),
        (put("new", namespace="nowhere", namespace_must_exist=True, etag_before="x"), Conflict.NAMESPACE_MISSING),
        (put("new", namespace="nowhere"), None),
        (DeleteResource(check_key("http")), None),
        (DeleteResource(check_key("new")), Conflict.NOT_FOUND),
        (DeleteResource(check_key("new"), Must.ANY), None),
        (DeleteResource(check_key("http"), Must.BE_ABSENT), Conflict.EXISTS),
        (DeleteEvent(EventKey("default", "web1", "http"), Must.BE_PRESENT), None),
        (DeleteEvent(EventKey("default", "web1", "new"), Must.BE_PRESENT), Conflict.NOT_FOUND),
        (DeleteEvent(EventKey("default", "web1", "new")), None),
        (DeleteEvent(EventKey("default", "web1", "http"), Must.BE_ABSENT), Conflict.EXISTS),
    ],
)
@pytest.mark.parametrize("reopened", [False, True])
async def test_conditions(medium: Medium, write: Write, expected: Conflict | None, reopened: bool) -> None:
    """Each condition of a write refuses exactly where it is not met, also for what was stored before a restart."""
    async with medium.opened() as store:
        await commit(store, put_namespace("default"), put("http", etag="one"), event("web1", "http"))
        result = None if reopened else await commit(store, write)
    if reopened:
        async with medium.opened() as store:
            result = await commit(store, write)
    assert (result.conflict if isinstance(result, Refused) else None) == expected


async def test_conditions_see_earlier_writes_of_their_commit(store: Any) -> None:
    """A write is judged by what the writes before it in the same commit leave behind."""
    first = await commit(store, put_namespace("dev"), put("a", namespace="dev", namespace_must_exist=True))
    assert isinstance(first, Committed)
    moved = [DeleteResource(check_key("a", "dev")), put("a", b"2", namespace="dev", must=Must.BE_ABSENT)]
    assert isinstance(await store.commit(moved), Committed)
    assert (await store.get(check_key("a", "dev"))).body == b"2"
    again = [event("e", "c"), DeleteEvent(EventKey("default", "e", "c"), Must.BE_PRESENT)]
    assert isinstance(await store.commit(again), Committed)
    assert await store.get_event(EventKey("default", "e", "c")) is None


async def test_a_namespace_in_use_is_not_deleted(store: Any) -> None:
    """Deleting a namespace with `empty_of` is refused while a resource of those kinds lies in it, and only then."""
    dev = Key(NAMESPACE, "", "dev")
    await commit(store, put_namespace("dev"), put("http", namespace="dev"), put("http", namespace="dev-2"))
    kinds = ("core/v2.Asset", "core/v2.CheckConfig")
    refused = await commit(store, DeleteResource(dev, empty_of=kinds))
    assert refused == Refused(0, Conflict.NAMESPACE_NOT_EMPTY)
    results = await asyncio.gather(
        commit(store, DeleteResource(check_key("http", "dev"))),
        commit(store, DeleteResource(dev, empty_of=kinds)),
        commit(store, put("late", namespace="dev", namespace_must_exist=True)),
    )
    assert [type(result) for result in results] == [Committed, Committed, Refused]
    assert await names(store) == ["dev-2/http"]


async def test_an_etag_is_won_once(store: Any) -> None:
    """Of many writers that saw the same ETag exactly one succeeds."""
    await commit(store, put("http", etag="seen"))
    tries = [put("http", b"%d" % i, etag=f"by {i}", etag_before="seen") for i in range(50)]
    results = await asyncio.gather(*(commit(store, write) for write in tries))
    winners = [i for i, result in enumerate(results) if isinstance(result, Committed)]
    assert len(winners) == 1
    assert (await store.get(check_key("http"))).etag == f"by {winners[0]}"


async def test_revisions_grow(medium: Medium) -> None:
    """Every commit has a greater revision than those before it, also after a restart, and resources carry it."""

    async def written(store: Any) -> list[int]:
        revisions = [(await commit(store, put(f"c{i}"))).revision for i in range(3)]
        revisions.append((await commit(store, DeleteEvent(EventKey("default", "no", "no")))).revision)
        revisions.append((await commit(store, put("last"))).revision)
        assert (await store.get(check_key("last"))).revision == revisions[-1]
        return revisions

    seen = await medium.ask(written) + await medium.ask(written)
    assert seen == sorted(set(seen))


async def test_more_commits_than_the_store_lets_wait(store: Any) -> None:
    """Far more commits than may wait at once are all stored; a commit larger than any group is, too."""
    await asyncio.gather(*(commit(store, event(f"e{i}", "c")) for i in range(12_000)))
    await store.commit([event(f"f{i}", "c") for i in range(12_000)])
    assert await store.count_events("default") == 24_000


async def test_commits_fail_once_closed(medium: Medium) -> None:
    """Reading or writing a closed store is a StoreError; what was committed before `close` returns is stored."""
    store = medium.store()
    await store.open()
    waiting = asyncio.ensure_future(commit(store, put("a")))
    await asyncio.sleep(0)
    await store.close()
    assert isinstance(await waiting, Committed)
    with pytest.raises(StoreError):
        await commit(store, put("b"))
    with pytest.raises(StoreError):
        await store.get(check_key("a"))
    assert await medium.ask(names) == ["default/a"]


class Model:
    """What a store should hold, in plain dicts."""

    def __init__(self) -> None:
        self.resources: dict[Key, PutResource] = {}
        self.events: dict[EventKey, PutEvent] = {}
        self.owed: dict[int, OweDelivery] = {}
        self.dead: dict[int, tuple[OweDelivery, str]] = {}

    def commit(self, writes: list[Write]) -> Conflict | None:
        """Apply the writes to copies, and keep those where no write was refused."""
        trial = Model()
        for name, value in vars(self).items():
            setattr(trial, name, dict(value))
        for write in writes:
            conflict = trial.apply(write)
            if conflict is not None:
                return conflict
        vars(self).update(vars(trial))
        return None

    def apply(self, write: Write) -> Conflict | None:
        if isinstance(write, PutResource | DeleteResource | DeleteEvent):
            held = self.events if isinstance(write, DeleteEvent) else self.resources
            if write.must is Must.BE_PRESENT and write.key not in held:
                return Conflict.NOT_FOUND
            if write.must is Must.BE_ABSENT and write.key in held:
                return Conflict.EXISTS
        if isinstance(write, PutResource):
            self.resources[write.key] = write
        elif isinstance(write, DeleteResource):
            self.resources.pop(write.key, None)
        elif isinstance(write, PutEvent):
            self.events[write.key] = write
        elif isinstance(write, DeleteEvent):
            self.events.pop(write.key, None)
        else:
            self.apply_delivery(write)
        return None

    def apply_delivery(self, write: Any) -> None:
        if isinstance(write, OweDelivery):
            self.owed[write.id] = write
            self.dead.pop(write.id, None)
        elif write.dead:
            if write.id in self.owed:
                self.dead[write.id] = (self.owed.pop(write.id), write.dead)
        else:
            self.owed.pop(write.id, None)
            self.dead.pop(write.id, None)


def _random_write(rng: random.Random) -> Write:
    key, number = check_key(rng.choice("abcd")), rng.randrange(1, 6)
    event_key = EventKey("default", rng.choice("ab"), rng.choice("cd"))
    body = b"%d" % rng.randrange(1000)
    must = rng.choice([Must.ANY, Must.ANY, Must.ANY, Must.BE_PRESENT, Must.BE_ABSENT])
    return rng.choice(
        [
            lambda: PutResource(key, body, "etag", must=must),
            lambda: DeleteResource(key, must),
            lambda: PutEvent(event_key, body, rng.choice([None, 1.5])),
            lambda: DeleteEvent(event_key, must),
            lambda: OweDelivery(number, "default", body, 1.0, rng.randrange(3), b"rest"),
            lambda: SettleDelivery(number, rng.choice(["", "refused"])),
        ]
    )()


@pytest.mark.parametrize("seed", range(25))
async def test_any_mix_of_commits_is_as_if_one_after_the_other(medium: Medium, seed: int) -> None:
    """Commits that share transactions leave what they would leave one by one, and change listeners hear it so."""
    rng, model, told = random.Random(seed), Model(), {}

    def listen(changes: Any) -> None:
        for change in changes:
            told[change.key] = change.body

    async with medium.opened() as store:
        store.listen(listen)
        for _ in range(8):
            commits = [[_random_write(rng) for _ in range(rng.randrange(1, 5))] for _ in range(rng.randrange(1, 12))]
            results = await asyncio.gather(*(store.commit(writes) for writes in commits))
            expected = [model.commit(writes) for writes in commits]
            assert [r.conflict if isinstance(r, Refused) else None for r in results] == expected
            await _same(store, model)
        kept = {**model.resources, **model.events}
        assert {key: body for key, body in told.items() if body is not None} == {k: p.body for k, p in kept.items()}
    async with medium.opened() as store:
        await _same(store, model)


async def _same(store: Any, model: Model) -> None:
    checks = await store.list("core/v2.CheckConfig", None)
    assert [(item.key, item.body) for item in checks.items] == [
        (k, model.resources[k].body) for k in sorted(model.resources)
    ]
    events = await store.list_events(None)
    assert [(e.key, e.body, e.due_at) for e in events.items] == [
        (k, model.events[k].body, model.events[k].due_at) for k in sorted(model.events)
    ]
    assert list(await store.deliveries_owed(100)) == [model.owed[i] for i in sorted(model.owed)]
    assert list(await store.dead_letters(100)) == [model.dead[i] for i in sorted(model.dead)]


async def test_a_value_that_is_stored_once(store: Any) -> None:
    """Of several that store the first value of a name at the same time one succeeds, and later ones change nothing."""
    await asyncio.gather(*(commit(store, PutState("secret", b"%d" % n, once=True)) for n in range(5)))
    first = await store.get_state("secret")
    await commit(store, PutState("secret", b"later", once=True), PutState("other", b"1", once=True))
    assert await store.get_state("secret") == first
    assert await store.get_state("other") == b"1"
    await commit(store, PutState("secret", b"new"), PutState("secret", b"newer", once=True))
    assert await store.get_state("secret") == b"new"
