"""Makes events of the backend's entity from failures of secrets providers."""

import asyncio
import logging
from uuid import uuid4

from sensu.backend.ports import IncomingEvent, Intake
from sensu.backend.secrets.provider import NoSecret
from sensu.clock import Clock
from sensu.errors import StoreError
from sensu.log import fields
from sensu.resources.entity import Entity
from sensu.resources.event import Event
from sensu.resources.wire import decode
from sensu.rules import secret_failures as rules
from sensu.rules.secret_failures import Failures, SecretFailure
from sensu.store.contract import Store
from sensu.store.values import EventKey

log = logging.getLogger("sensu.secrets")

PROVIDERS_MAX = 1_000
"""Maximum number of providers that are known; the failures of further ones are only logged."""


class ProviderFailures:
    """Sends an event when a provider fails, each minute while it does, and when it works again."""

    def __init__(self, store: Store, own: Entity, clock: Clock) -> None:
        """`own` is the entity of the backend."""
        self._store, self._own, self._clock = store, own, clock
        self._intake: Intake | None = None
        self._failures: dict[str, Failures] = {}
        self._sent: dict[str, tuple[int, float]] = {}
        self._looking: set[asyncio.Task[None]] = set()

    def report_to(self, intake: Intake) -> None:
        """Send events from now on."""
        self._intake = intake

    def close(self) -> None:
        """End what is under way."""
        for task in self._looking:
            task.cancel()

    def note(self, provider: str, asked: str, found: NoSecret | None) -> None:
        """Note that something was asked of a provider, and why there was no value (None: there was one)."""
        before = self._failures.get(provider)
        if found is None and before is not None and not before:
            return
        if before is None and len(self._failures) >= PROVIDERS_MAX:
            return
        now = self._clock.now()
        failure = None if found is None else SecretFailure(found.why, found.is_missing, now)
        self._failures[provider] = failures = rules.after(before or {}, asked, failure, now)
        if before is None and not failures:
            self._look_for_failure_of_before(provider)
        else:
            self._tell(provider, failures, now)

    def _tell(self, provider: str, failures: Failures, now: float) -> None:
        """Send the event about a provider, unless the same was sent within a minute."""
        status = rules.status_of(failures)
        said, at = self._sent.get(provider, (-1, 0.0))
        if self._intake is None or (status == said and (status == rules.OK or now - at < rules.REPEATED_S)):
            return
        event = rules.event_of(provider, failures, self._own, str(uuid4()), now)
        if self._intake.offer(IncomingEvent(event)):
            self._sent[provider] = (status, now)
        else:
            log.warning("an event about a secrets provider was not stored", extra=fields(provider=provider))

    def _look_for_failure_of_before(self, provider: str) -> None:
        """After a start, end the failure that was reported before it."""
        task = asyncio.get_running_loop().create_task(self._end_failure_of_before(provider))
        self._looking.add(task)
        task.add_done_callback(self._looking.discard)

    async def _end_failure_of_before(self, provider: str) -> None:
        metadata = self._own.metadata
        try:
            stored = await self._store.get_event(
                EventKey(metadata.namespace, metadata.name, rules.event_name(provider))
            )
        except StoreError as err:
            log.warning("an event about a secrets provider was not read", extra=fields(error=str(err)))
            return
        check = None if stored is None else decode(Event, stored.body).check
        if check is not None and check.status != rules.OK and not self._failures.get(provider):
            self._tell(provider, {}, self._clock.now())
