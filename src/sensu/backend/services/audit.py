"""The audit log: who changed what and who logged in. Entries are committed together with the change.

Events are observations, so only their deletion is logged. Logins of agents are not logged.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

import msgspec

from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import Identity
from sensu.backend.auth.sessions import LoginSession
from sensu.backend.pacing import PerMinute
from sensu.backend.services.history import Period
from sensu.backend.services.lists import Items, Pages, Walk, chosen_by
from sensu.backend.services.outcomes import Denied, Invalid, Listing, Refusal
from sensu.backend.services.pages import PageRequest, text_of, token_of
from sensu.clock import Clock
from sensu.errors import StoreError
from sensu.log import fields
from sensu.resources.documents import type_of
from sensu.resources.kinds import ALL_KINDS, CHECK, EVENT, HANDLER, Kind
from sensu.resources.wire import encode
from sensu.rules.audit import REASON_CHARACTERS_MAX, SELECTABLE, AuditRecord, cut, document_json, shown_name
from sensu.rules.owed import DeliveryView
from sensu.store.contract import Store
from sensu.store.values import AppendAudit, AuditEntry, DeleteResource, EventKey, PutResource, Stored, TrimAudit, Write

logger = logging.getLogger(__name__)

RESOURCE = "audit"
"""The resource type of the audit log in roles. Of the built-in roles only `cluster-admin` includes it, through `*`."""

RETENTION_S = 90 * 86_400.0
ENTRIES_MAX = 100_000
TRIM_EVERY_ENTRIES = 100
TRIM_EVERY_S = 3600.0
REFUSED_LOGINS_A_MINUTE_MAX = 60
"""Further failed logins are only counted, so that password guessing does not displace other entries."""

_READ_AT_ONCE = 256
ALWAYS = Period()
AUDITED_KINDS = {kind.qualified_name: kind for kind in ALL_KINDS}


class Named(NamedTuple):
    """An object in the log that is not a resource of a kind."""

    type: str
    api_version: str


UNKNOWN_USER = "(unknown)"
"""Logged instead of a user name that does not exist: it could be a password typed into the wrong field."""
DELIVERY = Named("Delivery", "sensu/v1")
SESSION = Named("Session", "sensu/v1")
CLUSTER_MEMBER = Named("ClusterMember", "sensu/v1")


class AuditLog:
    """Writes and reads the audit log. Keeps entries for `retention_s`, and at most the newest `entries_max`."""

    def __init__(
        self,
        store: Store,
        access: Access,
        clock: Clock,
        retention_s: float = RETENTION_S,
        entries_max: int = ENTRIES_MAX,
    ) -> None:
        self._store = store
        self._access = access
        self._clock = clock
        self._retention_s = retention_s
        self._entries_max = entries_max
        self._until_trim = TRIM_EVERY_ENTRIES
        self._refused = PerMinute(clock, REFUSED_LOGINS_A_MINUTE_MAX)

    async def run(self) -> None:
        """Drop old entries periodically until cancelled."""
        while True:
            try:
                await self._store.commit([self._trim()])
            except StoreError as err:
                logger.warning("old audit entries could not be dropped", extra=fields(error=str(err)))
            await self._clock.sleep(TRIM_EVERY_S)

    def of_change(self, caller: Identity, write: PutResource | DeleteResource, before: Stored | None) -> list[Write]:
        """The entry for a write, none if it changes nothing; `before` is the resource that it replaces."""
        kind = AUDITED_KINDS.get(write.key.kind)
        after = write if isinstance(write, PutResource) else None
        known = after or before
        if kind is None or known is None:
            return []
        kind = type_of(kind, known.body)
        if before is not None and after is not None and before.body == after.body:
            return []
        shown_after = None if after is None else after.body if after.shown is None else after.shown
        shown_before = None if before is None else before.public
        record = AuditRecord(
            action="delete" if after is None else "update" if before is not None else "create",
            namespace=write.key.namespace,
            name=shown_name(kind, write.key.name),
            before=document_json(kind, shown_before),
            after=document_json(kind, shown_after),
            secrets_changed=shown_before is not None and shown_before == shown_after,
        )
        return self._entries(caller, kind, record)

    def of_removed_event(self, caller: Identity, key: EventKey, body: bytes) -> list[Write]:
        """The entry for the deletion of an event."""
        name = f"{key.entity}/{key.check}"
        record = AuditRecord(action="delete", namespace=key.namespace, name=name, before=document_json(EVENT, body))
        return self._entries(caller, EVENT, record)

    def of_resolved_event(self, caller: Identity, key: EventKey) -> list[Write]:
        """The entry for an event that is resolved by hand."""
        record = AuditRecord(action="resolve", namespace=key.namespace, name=f"{key.entity}/{key.check}")
        return self._entries(caller, EVENT, record)

    def of_delivery(self, caller: Identity, action: str, namespace: str, view: DeliveryView) -> list[Write]:
        """The entry for a delivery that is retried or discarded, depending on `action`."""
        before = {"state": view.state, "entity": view.entity, "check": view.check, "event_id": view.event_id}
        record = AuditRecord(action=action, namespace=namespace, name=str(view.id), before=before)
        return self._entries(caller, DELIVERY, record)

    def of_execution(self, caller: Identity, namespace: str, check: str, subscriptions: Sequence[str]) -> list[Write]:
        """The entry for an ad hoc run of a check, with `subscriptions` if they replace its own."""
        after = {"subscriptions": subscriptions} if subscriptions else None
        record = AuditRecord(action="execute", namespace=namespace, name=check, after=after)
        return self._entries(caller, CHECK, record)

    def of_handler_test(self, caller: Identity, namespace: str, handler: str) -> list[Write]:
        """The entry for a test of a handler."""
        return self._entries(caller, HANDLER, AuditRecord(action="test", namespace=namespace, name=handler))

    def of_login(self, who: Identity) -> list[Write]:
        """The entry for a login."""
        return self._entries(who, None, AuditRecord(action="login"))

    def of_logout(self, who: Identity) -> list[Write]:
        """The entry for a logout."""
        return self._entries(who, None, AuditRecord(action="logout"))

    def of_ended_session(self, caller: Identity, username: str, address: str, client: str) -> list[Write]:
        """The entry for a session that a caller ended from the list."""
        record = AuditRecord(action="end", name=username, before={"address": address, "client": client})
        return self._entries(caller, SESSION, record)

    async def member_removed(self, caller: Identity, member: str) -> None:
        """Record that a caller asked a backend of a cluster to end; raises StoreError."""
        await self._store.commit(self._entries(caller, CLUSTER_MEMBER, AuditRecord(action="delete", name=member)))

    def of_refused_session(self, session: LoginSession) -> list[Write]:
        """The entry for a session that ends because the provider of its user no longer accepts the user."""
        who = Identity(session.username, (), address=session.address)
        reason = f"{session.provider_id}: the provider no longer accepts the user"
        return self._entries(who, None, AuditRecord(action="session ended", reason=reason))

    def of_login_trial(self, caller: Identity, provider: Kind, name: str, reason: str) -> list[Write]:
        """The entry for a log-in that an administrator tried at a provider; `reason` is why it would be refused."""
        return self._entries(
            caller, provider, AuditRecord(action="test", name=name, reason=cut(reason, REASON_CHARACTERS_MAX))
        )

    async def login_refused(self, username: str, address: str, reasons: Sequence[str] = ()) -> None:
        """Record a failed login, with the name of a known user or none, and the reasons; raises StoreError."""
        suppressed = self._refused.admit()
        if suppressed is None:
            return
        nobody = Identity(cut(username or UNKNOWN_USER), (), address=address)
        reason = cut("; ".join(reasons), REASON_CHARACTERS_MAX)
        record = AuditRecord(action="login refused", reason=reason, suppressed=suppressed)
        await self._store.commit(self._entries(nobody, None, record))

    def _entries(self, who: Identity, kind: Kind | Named | None, record: AuditRecord) -> list[Write]:
        now = self._clock.now()
        complete = msgspec.structs.replace(
            record,
            at=round(now, 3),
            username=who.username,
            address=who.address,
            batch=who.batch,
            via=who.via.value if kind is not None else "",
            type=kind.type if kind is not None else "",
            api_version=kind.api_version if kind is not None else "",
        )
        writes: list[Write] = [AppendAudit(now, encode(complete))]
        self._until_trim -= 1
        if self._until_trim <= 0:
            self._until_trim = TRIM_EVERY_ENTRIES
            writes.append(self._trim())
        return writes

    def _trim(self) -> TrimAudit:
        return TrimAudit(self._clock.now() - self._retention_s, self._entries_max)

    async def listing(self, caller: Identity, page: PageRequest, period: Period = ALWAYS) -> Listing | Refusal:
        """The entries of a period with their ids, newest first."""
        if not self._access.allows(caller, "list", RESOURCE):
            return Denied()
        selection = chosen_by(SELECTABLE, page)
        if isinstance(selection, Invalid):
            return selection
        total = await self._store.count_audit() if selection is None and period == ALWAYS else None
        pages = Pages(audit_walk(self._store, period), lambda entry_id: (-entry_id,), selection)
        after = text_of(page.after)
        position = int(after) if after.isascii() and after.isdigit() and len(after) <= _ID_DIGITS_MAX else None
        return await pages.listing(page, position, lambda entry_id: token_of(str(entry_id)), total)


_ID_DIGITS_MAX = 18


def audit_walk(store: Store, period: Period = ALWAYS) -> Walk[int]:
    """Reads the entries of a period, newest first; it ends at the first one from before the period."""

    async def walk(after: int | None) -> AsyncIterator[Items[int]]:
        before = after or 0
        while True:
            entries = await store.audit(_READ_AT_ONCE, before)
            if not entries:
                return
            yield _shown([entry for entry in entries if period.start <= entry.at <= period.end])
            before = entries[-1].id
            if entries[-1].at < period.start:
                return
            await asyncio.sleep(0)

    return walk


def _shown(entries: Sequence[AuditEntry]) -> list[tuple[int, bytes]]:
    """The entries as JSON, with the id as first field."""
    return [(entry.id, b'{"id":%d,' % entry.id + entry.body[1:]) for entry in entries]
