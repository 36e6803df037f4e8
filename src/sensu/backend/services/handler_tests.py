"""Tests handlers on request."""

from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import Identity
from sensu.backend.ports import HandlerTester
from sensu.backend.services.at_once import AtOnce
from sensu.backend.services.audit import AuditLog
from sensu.backend.services.outcomes import Denied, Found, Invalid, NotFound, Refusal, TooMany
from sensu.backend.services.payload import Payload, decoded
from sensu.resources.handler import Handler
from sensu.resources.kinds import HANDLER
from sensu.resources.wire import encode
from sensu.rules.handler_test import HandlerTest
from sensu.store.contract import Store
from sensu.store.resource_cache import ResourceCache

AT_ONCE_MAX = 1
_TOO_MANY = TooMany("a caller can test one handler at a time, try again later")


class TestsOfHandlers:
    """Tests handlers for callers who may update them."""

    __test__ = False

    def __init__(
        self, store: Store, access: Access, records: ResourceCache, tester: HandlerTester, audit: AuditLog
    ) -> None:
        self._store, self._access, self._records = store, access, records
        self._tester, self._audit = tester, audit
        self._at_once = AtOnce(AT_ONCE_MAX)

    async def run(self, caller: Identity, namespace: str, name: str, payload: Payload) -> Found | Refusal:
        """The `HandlerTestReport` of a handler."""
        if not self._access.allows(caller, "update", HANDLER.segment, name=name, namespace=namespace):
            return Denied()
        asked = await decoded(HandlerTest, payload)
        if isinstance(asked, Invalid):
            return asked
        handler: Handler | None = self._records.get(HANDLER, namespace, name)
        if handler is None:
            return NotFound()
        with self._at_once.admitted(caller) as admitted:
            if not admitted:
                return _TOO_MANY
            if not asked.dry_run:
                await self._store.commit(self._audit.of_handler_test(caller, namespace, name))
            return Found(encode(await self._tester.run(handler, asked, caller.username)))
