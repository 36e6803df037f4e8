"""The audit log of a store."""

from typing import Any

from sensu.store.values import AppendAudit, Must, TrimAudit
from tests.store.conftest import Medium, commit, names, put


def entry(number: int) -> AppendAudit:
    return AppendAudit(float(number), b"entry %d" % number)


async def read(store: Any, limit: int = 1000, before: int = 0) -> list[bytes]:
    return [one.body for one in await store.audit(limit, before)]


async def test_an_entry_is_stored_with_its_change_or_not_at_all(medium: Medium) -> None:
    """A change and its audit entry stand or fall together, and entries outlive a restart."""
    async with medium.opened() as store:
        await commit(store, put("a"), entry(1))
        await commit(store, put("a", must=Must.BE_ABSENT), entry(2))

    async with medium.opened() as store:
        assert await read(store) == [b"entry 1"]
        assert await names(store) == ["default/a"]


async def test_entries_are_read_newest_first_and_in_pages(store: Any) -> None:
    """Pages of the audit log, one behind the other, hold every entry once, the newest first."""
    for start in range(0, 600, 100):
        await store.commit([entry(number) for number in range(start, start + 100)])
    assert await store.count_audit() == 600
    assert await read(store) == [b"entry %d" % number for number in reversed(range(600))]
    seen: list[bytes] = []
    before = 0
    while page := await store.audit(70, before):
        seen += [one.body for one in page]
        before = page[-1].id
    assert seen == await read(store)
    assert [one.at for one in await store.audit(2)] == [599.0, 598.0]


async def test_old_entries_and_too_many_make_room(store: Any) -> None:
    """What is older than the bound goes, and of the rest all but the newest; ids are never given out again."""
    await store.commit([entry(number) for number in range(100)])
    newest = (await store.audit(1))[0].id
    await commit(store, TrimAudit(at_before=40.0, entries_max=1000))
    assert await store.count_audit() == 60
    await commit(store, TrimAudit(at_before=0.0, entries_max=10))
    assert await read(store) == [b"entry %d" % number for number in reversed(range(90, 100))]
    await commit(store, TrimAudit(at_before=1000.0, entries_max=10))
    assert await read(store) == []
    await commit(store, entry(1))
    assert (await store.audit(1))[0].id > newest


async def test_an_entry_is_kept_while_it_is_trimmed(store: Any) -> None:
    """Trimming in the commit of an entry does not take that entry away."""
    await store.commit([entry(number) for number in range(10)])
    await commit(store, entry(10), TrimAudit(at_before=9.0, entries_max=100))
    assert await read(store) == [b"entry 10", b"entry 9"]
