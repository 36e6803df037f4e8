"""Previews of silences: the events in their namespace that they match."""

import asyncio

from msgspec.structs import replace

from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import Identity
from sensu.backend.services.at_once import AtOnce
from sensu.backend.services.explain import LAST
from sensu.backend.services.outcomes import Denied, Found, Invalid, Refusal, TooMany
from sensu.backend.services.payload import Payload, decoded
from sensu.backend.services.resources import mismatch
from sensu.backend.services.silences import UNKNOWN, is_over
from sensu.backend.stored_form import key_of
from sensu.clock import Clock
from sensu.resources.kinds import EVENT, SILENCED
from sensu.resources.silenced import Silenced
from sensu.resources.wire import decode, encode
from sensu.rules import handling
from sensu.rules.kinds.table import completed, problem_of
from sensu.rules.silence_preview import Counting, SilencePreview
from sensu.rules.silencing import ANY
from sensu.store.contract import Store
from sensu.store.values import EventKey

EVENTS_AT_ONCE = 256
PREVIEWS_AT_ONCE_MAX = 4
"""The maximum number of concurrent previews of a caller; each reads all events that the silence may match."""
_TOO_MANY = TooMany(
    f"a caller can run at most {PREVIEWS_AT_ONCE_MAX} previews of silences at the same time, try again later"
)


class SilencePreviews:
    """Counts the events that a silence matches, for callers who may list events."""

    def __init__(self, store: Store, access: Access, clock: Clock) -> None:
        self._store, self._access, self._clock = store, access, clock
        self._at_once = AtOnce(PREVIEWS_AT_ONCE_MAX)

    async def preview(self, caller: Identity, namespace: str, payload: Payload) -> Found | Refusal:
        """Preview a silence that is not stored."""
        if not self._access.allows(caller, "list", EVENT.segment, namespace=namespace):
            return Denied()
        sent = await decoded(Silenced, payload)
        if isinstance(sent, Invalid):
            return sent
        silence = completed(_placed(sent, namespace), username=caller.username, now=self._clock.now())
        problem = mismatch(SILENCED, silence, namespace, None) or problem_of(silence)
        return Invalid(problem) if problem else await self._answer(caller, namespace, silence)

    async def hits(self, caller: Identity, namespace: str, name: str) -> Found | Refusal:
        """Preview a stored silence."""
        if not (
            self._access.allows(caller, "get", SILENCED.segment, name=name, namespace=namespace)
            and self._access.allows(caller, "list", EVENT.segment, namespace=namespace)
        ):
            return Denied()
        stored = await self._store.get(key_of(SILENCED, namespace, name))
        if stored is None or is_over(stored.body, self._clock.now()):
            return UNKNOWN
        return await self._answer(caller, namespace, decode(Silenced, stored.body))

    async def _answer(self, caller: Identity, namespace: str, silence: Silenced) -> Found | TooMany:
        with self._at_once.admitted(caller) as admitted:
            if not admitted:
                return _TOO_MANY
            return Found(encode(await self._counted(namespace, silence)))

    async def _counted(self, namespace: str, silence: Silenced) -> SilencePreview:
        now = self._clock.now()
        lasting: list[Silenced] = []
        async for bodies in self._store.bodies(SILENCED.qualified_name, namespace):
            lasting += [decode(Silenced, body) for body in bodies if not is_over(body, now)]
        counting = Counting(silence, lasting, now)
        check = None if silence.check in ("", ANY) else silence.check
        after: EventKey | None = None
        more = True
        while more:
            page = await self._store.list_events(namespace, check=check, after=after, limit=EVENTS_AT_ONCE)
            for stored in page.items:
                counting.add(stored.key.entity, stored.body)
            more = page.more
            if more:
                after = page.items[-1].key
                await asyncio.sleep(0)
        found = {names: await self._handled(EventKey(namespace, *names)) for names in counting.shown}
        return counting.result(found)

    async def _handled(self, key: EventKey) -> str:
        kept = await self._store.handling(key, LAST)
        return handling.UNKNOWN if kept is None else handling.handled(kept.change, kept.handled)


def _placed(silence: Silenced, namespace: str) -> Silenced:
    """The silence, in the namespace of the request if it names none."""
    if silence.metadata.namespace:
        return silence
    return replace(silence, metadata=replace(silence.metadata, namespace=namespace))
