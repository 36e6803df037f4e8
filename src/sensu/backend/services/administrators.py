"""Prevents changes that would leave the cluster without an administrator."""

from collections.abc import Mapping, Sequence
from typing import Any

from sensu.backend.services.outcomes import Exists
from sensu.backend.stored_form import key_of
from sensu.resources.kinds import CLUSTER_ROLE, CLUSTER_ROLE_BINDING, USER
from sensu.resources.wire import decode
from sensu.rules.administrators import LOCKED_OUT, chain_of, takes_rights
from sensu.store.contract import Store
from sensu.store.values import DeleteResource, Expect, Key, PutResource, Stored

_KINDS = {kind.qualified_name: kind for kind in (USER, CLUSTER_ROLE, CLUSTER_ROLE_BINDING)}
AdminChange = PutResource | DeleteResource


async def administrator_kept(
    store: Store, changes: Sequence[AdminChange], before: Mapping[Key, Stored | None]
) -> Sequence[Expect] | Exists:
    """The conditions for committing changes so that an administrator remains, or a refusal if none would.

    Changes that remove no rights have no conditions, and neither has a cluster without an administrator. `before`
    holds the resources that the changes replace.
    """
    relevant = [change for change in changes if change.key.kind in _KINDS]
    if not any(_takes_rights(change, before.get(change.key)) for change in relevant):
        return ()
    stored = {
        kind: {item.key.name: item for item in (await store.list(word, None)).items} for word, kind in _KINDS.items()
    }
    now: dict[Any, dict[str, Any]] = {
        kind: {name: decode(kind.shape, item.body) for name, item in items.items()} for kind, items in stored.items()
    }
    had_one = chain_of(now[USER], now[CLUSTER_ROLE], now[CLUSTER_ROLE_BINDING]) is not None
    for change in relevant:
        records = now[_KINDS[change.key.kind]]
        records.pop(change.key.name, None)
        if isinstance(change, PutResource):
            records[change.key.name] = decode(_KINDS[change.key.kind].shape, change.body)
    chain = chain_of(now[USER], now[CLUSTER_ROLE], now[CLUSTER_ROLE_BINDING])
    if chain is None:
        return Exists(LOCKED_OUT) if had_one else ()
    changed = {change.key for change in relevant}
    links = ((USER, chain.user), (CLUSTER_ROLE, chain.role), (CLUSTER_ROLE_BINDING, chain.binding))
    kept = ((kind, name) for kind, name in links if key_of(kind, "", name) not in changed)
    return [Expect(key_of(kind, "", name), stored[kind][name].etag) for kind, name in kept]


def _takes_rights(change: AdminChange, before: Stored | None) -> bool:
    if before is None:
        return False
    shape: Any = _KINDS[change.key.kind].shape
    after = decode(shape, change.body) if isinstance(change, PutResource) else None
    return takes_rights(decode(shape, before.body), after)
