"""Checks of sessions by their providers, one at a time for each session.

Some providers give a new refresh token with each check and take the return of an old one for theft: they end the
session. So a process says in the session that it checks, before it asks, and stores the new token before it answers.
Other processes wait for that. A check goes on if the client that waits for it disconnects.
"""

import asyncio
import contextlib

from sensu.backend.auth.identity import Principal, Via, identity_of
from sensu.backend.auth.providers import Providers, ProviderUnavailable
from sensu.backend.auth.sessions import LoginSession, StoredSessions, changed
from sensu.clock import Clock
from sensu.errors import StoreError

CHECK_S = 45.0
"""How long a check may take; after it, another process may begin one."""
LOOKED_EVERY_S = 0.1

Checked = Principal | ProviderUnavailable | None


class SessionChecks:
    """Has providers check sessions."""

    def __init__(self, sessions: StoredSessions, providers: Providers, clock: Clock) -> None:
        self._sessions = sessions
        self._providers = providers
        self._clock = clock
        self._under_way: dict[str, asyncio.Task[Checked]] = {}

    async def check(self, session: LoginSession) -> Checked:
        """The user of a session as its provider has it now, None if it is no longer valid; raises StoreError."""
        provider = self._providers.get(session.provider_id)
        if provider is None:
            return None
        if not session.sealed:
            return await provider.check(session)
        task = self._under_way.get(session.id)
        if task is None:
            task = self._under_way[session.id] = asyncio.ensure_future(self._checked_alone(session.id))
            task.add_done_callback(lambda _: self._under_way.pop(session.id, None))
        return await asyncio.shield(task)

    async def _checked_alone(self, session_id: str) -> Checked:
        before = self._sessions.get(session_id)
        while before is not None:
            now = self._clock.now()
            provider = self._providers.get(before.provider_id)
            if provider is None:
                return None
            if now < before.checking_until:
                await self._clock.sleep(LOOKED_EVERY_S)
                latest = self._sessions.get(session_id)
                if latest is not None and latest.sealed != before.sealed:
                    return provider.current(latest)
                before = latest
                continue
            claimed = changed(before, checking_until=now + CHECK_S)
            if await self._sessions.put(claimed, now):
                return await self._noted(claimed, await provider.check(claimed))
            before = self._sessions.get(session_id)
        return None

    async def _noted(self, session: LoginSession, found: Checked) -> Checked:
        """What the check of a session found, after it is stored."""
        now = self._clock.now()
        if isinstance(found, Principal):
            groups = identity_of(found, Via.BEARER).groups
            sealed = found.sealed or session.sealed
            await self._sessions.put(changed(session, checking_until=0.0, sealed=sealed, groups=groups), now)
        elif found is not None:
            with contextlib.suppress(StoreError):
                await self._sessions.put(changed(session, checking_until=0.0), now)
        return found
