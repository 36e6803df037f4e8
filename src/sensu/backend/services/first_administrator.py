"""Creates the first administrator of an empty database for a browser, as `sensu-backend init` does."""

import asyncio
import logging

from sensu.backend.initialise import Administrator, InitAction, InitOutcome, carry_out, is_initialised, order_of
from sensu.backend.services.outcomes import Exists, Invalid, Refusal, Written
from sensu.clock import Clock
from sensu.log import fields
from sensu.resources.user import User
from sensu.resources.wire import Wire
from sensu.rules.kinds.kind_rules import first_of
from sensu.rules.kinds.user import problems
from sensu.store.contract import Store

log = logging.getLogger("sensu.backend")

ALREADY_INITIALISED = Exists("the database is initialised already")


class NewAdministrator(Wire, frozen=True):
    """The name and password of the first administrator. Never logged."""

    username: str = ""
    password: str = ""


class FirstAdministrator:
    """Initialises the database; whether the caller may ask for it is decided before."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    async def is_missing(self) -> bool:
        """Whether the database is not initialised yet."""
        return not await is_initialised(self._store)

    async def create(self, sent: NewAdministrator) -> Written | Refusal:
        """Initialise the database with an administrator; raises StoreError."""
        why = first_of(problems(User(username=sent.username, password=sent.password)))
        if why is not None:
            return Invalid(why)
        if not await self.is_missing():
            return ALREADY_INITIALISED
        administrator = Administrator(sent.username, sent.password)
        order = await asyncio.to_thread(order_of, InitAction.INITIALISE, administrator)
        if await carry_out(self._store, order, self._clock.now()) is not InitOutcome.DONE:
            return ALREADY_INITIALISED
        log.warning("the database is initialised", extra=fields(administrator=sent.username, by="the web UI"))
        return Written()
