"""A member whose slots a test moves."""

from sensu.backend.membership import Alone, Moved
from sensu.rules.share import ALL_SLOTS, Slots
from sensu.testing.virtual_clock import let_others_run


class MovingSlots(Alone):
    """Owns all slots, until the test gives some to another member."""

    def __init__(self) -> None:
        self.slots = ALL_SLOTS
        self._gain: list[Moved] = []
        self._loss: list[Moved] = []

    def owns(self, slot: int) -> bool:
        return slot in self.slots

    def on_gain(self, listener: Moved) -> None:
        self._gain.append(listener)

    def on_loss(self, listener: Moved) -> None:
        self._loss.append(listener)

    async def gain(self, *slots: int) -> None:
        """These slots come from another member; their events arrive when the listeners have returned."""
        gained: Slots = frozenset(slots)
        for listener in self._gain:
            await listener(gained)
        await let_others_run()
        self.slots |= gained

    async def lose(self, *slots: int) -> None:
        """These slots go to another member."""
        lost: Slots = frozenset(slots)
        self.slots -= lost
        for listener in self._loss:
            await listener(lost)
