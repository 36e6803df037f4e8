"""How the run ledger is stored: each part of all checks under a name of its own.

A part is what `rules/share.py` calls a slot: one member at a time schedules its checks. In the ledger, a slot is a time
at which a check is due.
"""

import asyncio
import logging
from collections.abc import Collection, Mapping

from sensu.errors import InvalidResource
from sensu.log import fields
from sensu.resources.wire import Wire, always_str, decode, encode
from sensu.rules.run_ledger import Slot
from sensu.store.contract import Store
from sensu.store.values import PutState

log = logging.getLogger("sensu.run_ledger")

STATE = "run_ledger"


class KeptSlot(Wire, frozen=True):
    """A slot as it is stored."""

    namespace: str = always_str()
    name: str = always_str()
    slot: Slot = Slot(at=0.0)
    issued: tuple[int, ...] = ()
    targets: tuple[str, ...] = ()


class KeptTurn(Wire, frozen=True):
    """The agent of a subscription that had its turn last, of a check with round robin."""

    namespace: str = always_str()
    name: str = always_str()
    subscription: str = always_str()
    agent: str = always_str()


class KeptPart(Wire, frozen=True):
    """The slots of the checks of one part; all that was due until `entered_to` (Unix seconds) has been entered.

    `given_up` is set if its owner stored it for the next one, and did not end before.
    """

    entered_to: float
    slots: tuple[KeptSlot, ...] = ()
    turns: tuple[KeptTurn, ...] = ()
    given_up: bool = False


def write_of(part: int, kept: KeptPart) -> PutState:
    """The write that stores a part."""
    return PutState(_state_of(part), encode(kept))


async def kept_parts(store: Store, parts: Collection[int]) -> Mapping[int, KeptPart]:
    """What is stored of these parts; raises StoreError."""
    values = await asyncio.gather(*(store.get_state(_state_of(part)) for part in sorted(parts)))
    found: dict[int, KeptPart] = {}
    for part, value in zip(sorted(parts), values, strict=True):
        try:
            if value is not None:
                found[part] = decode(KeptPart, value)
        except InvalidResource as err:
            log.warning("the run ledger could not be read", extra=fields(error=str(err)))
    return found


def _state_of(part: int) -> str:
    return f"{STATE}.{part}"
