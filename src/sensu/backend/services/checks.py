"""Runs checks on demand and changes their hooks.

Source: docs, "Checks API"; recorded scenarios checks-execute, checks-hooks.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from sensu.backend.auth.identity import Identity
from sensu.backend.ports import AdHoc
from sensu.backend.services.audit import AuditLog
from sensu.backend.services.outcomes import Deleted, Denied, Invalid, NotFound, Refusal, Written
from sensu.backend.services.payload import Payload, decoded
from sensu.backend.services.resources import Resources
from sensu.errors import InvalidResource
from sensu.resources.check import CheckConfig
from sensu.resources.hook import HookLists
from sensu.resources.kinds import CHECK
from sensu.resources.wire import Wire, convert_client, decode, encode, parse_json
from sensu.store.values import Stored


class Execution(Wire, frozen=True):
    """The body of a request to run a check; `subscriptions` replace those of the check."""

    subscriptions: tuple[str, ...] = ()


class _Issued(Wire, frozen=True):
    """The time at which a check request was published, in Unix seconds."""

    issued: int


class _HookList(Wire, frozen=True):
    """Names of hooks by check status or severity."""

    hooks: dict[str, tuple[str, ...] | None] = msgspec.field(default_factory=dict)


class Checks:
    """Runs checks on demand and changes their hooks."""

    def __init__(self, resources: Resources, ad_hoc: AdHoc, audit: AuditLog) -> None:
        self._resources = resources
        self._ad_hoc = ad_hoc
        self._audit = audit

    async def execute(self, caller: Identity, namespace: str, name: str, payload: Payload) -> Written | Refusal:
        """Publish a request to run a check now; the outcome contains the time."""
        if not self._resources.access.allows(caller, "create", CHECK.segment, name=name, namespace=namespace):
            return Denied()
        wish = await decoded(Execution, payload)
        if isinstance(wish, Invalid):
            return wish
        try:
            issued = await self._ad_hoc.execute(namespace, name, wish.subscriptions)
        except KeyError:
            return NotFound()
        await self._resources.store.commit(self._audit.of_execution(caller, namespace, name, wish.subscriptions))
        return Written(encode(_Issued(issued=issued)))

    async def add_hooks(self, caller: Identity, namespace: str, name: str, payload: Payload) -> Written | Refusal:
        """Add hooks to those of a check, without duplicates; the body maps statuses to hooks."""
        if not self._resources.access.allows(caller, "update", CHECK.segment, name=name, namespace=namespace):
            return Denied()
        try:
            added = convert_client(_HookList, {"hooks": parse_json(await payload())}).hooks or {"": None}
        except InvalidResource as err:
            return Invalid(str(err))

        def with_added(stored: Stored) -> Any:
            check = decode(CheckConfig, stored.body)
            return msgspec.structs.replace(check, check_hooks=with_hooks(check.check_hooks or (), added))

        return await self._resources.amend(caller, CHECK, namespace, name, with_added)

    async def remove_hook(
        self, caller: Identity, namespace: str, name: str, status: str, hook: str
    ) -> Deleted | Refusal:
        """Remove a hook of a status from a check."""
        if not self._resources.access.allows(caller, "delete", CHECK.segment, name=name, namespace=namespace):
            return Denied()
        missing = Invalid("not one of the check's hooks")

        def without(stored: Stored) -> Any:
            check = decode(CheckConfig, stored.body)
            lists = without_hook(check.check_hooks or (), status, hook)
            return missing if lists is None else msgspec.structs.replace(check, check_hooks=lists)

        outcome = await self._resources.amend(caller, CHECK, namespace, name, without)
        if outcome is missing:
            return NotFound()
        return Deleted() if isinstance(outcome, Written) else outcome


def with_hooks(lists: HookLists, added: Mapping[str, Iterable[str] | None]) -> HookLists:
    """The hook lists with hooks appended by status, without duplicates."""
    kept = [dict(one) for one in lists]
    place = {status: one for one in reversed(kept) for status in one}
    for status, hooks in added.items():
        if status not in place:
            place[status] = {}
            kept.append(place[status])
        one = place[status]
        one[status] = tuple(dict.fromkeys((*(one.get(status) or ()), *(hooks or ())))) or None
    return tuple(kept)


def without_hook(lists: HookLists, status: str, hook: str) -> HookLists | None:
    """The hook lists without a hook of a status, None if they do not contain it. Empty lists are removed."""
    for position, one in enumerate(lists):
        names = one.get(status) or ()
        if hook in names:
            rest = tuple(name for name in names if name != hook)
            kept: HookLists = ({**one, status: rest},) if rest else ()
            return (*lists[:position], *kept, *lists[position + 1 :])
    return None
