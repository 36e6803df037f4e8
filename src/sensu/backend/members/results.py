"""What became of the events that other members have handed over to this one."""

import asyncio
from collections.abc import Callable, Collection, Sequence

from sensu.backend.members.bus import SendReply
from sensu.backend.members.messages import EventResult, EventsStored, NotMine
from sensu.backend.ports import EventOutcome, EventStored

BOOK_MAX = 4096
"""How many events of each member are known; a member has fewer than that under way."""

Done = Callable[[EventOutcome], None]


class _Book:
    """The events of one start of a member: their outcomes, None while they are processed; and those not stored.

    Of those that were refused because of their slot, `not_taken` has the slot.
    """

    def __init__(self, start: str) -> None:
        self.start = start
        self.outcomes: dict[int, EventOutcome | None] = {}
        self.not_taken: dict[int, int | None] = {}
        self.answer: SendReply | None = None


class Results:
    """Sends other members the results of their events: one message for all that were stored in one loop iteration.

    If the connection was lost meanwhile, the member offers its events again, and gets the results on the new one.
    """

    def __init__(self) -> None:
        self._books: dict[int, _Book] = {}
        self._stored: dict[int, list[int]] = {}

    def begin(self, member: int, start: str) -> None:
        """A member has connected."""
        book = self._books.get(member)
        if book is None or book.start != start:
            self._books[member] = _Book(start)

    def forget(self, member: int) -> None:
        """A member is gone for good."""
        self._books.pop(member, None)

    def _book(self, member: int) -> _Book:
        return self._books.setdefault(member, _Book(""))

    def knows(self, member: int, number: int, answer: SendReply) -> bool:
        """Whether an event was taken or refused before; its result is sent, now or when it is there."""
        book = self._book(member)
        book.answer = answer
        if number in book.outcomes:
            outcome = book.outcomes[number]
            if outcome is not None:
                self._tell(member, number, outcome)
            return True
        if number in book.not_taken:
            answer(NotMine(number))
            return True
        return False

    def telling(self, member: int, number: int, answer: SendReply) -> Done:
        """An event is taken; returns the callback for its result."""
        book = self._book(member)
        book.outcomes[number] = None
        if len(book.outcomes) > BOOK_MAX:
            del book.outcomes[next(iter(book.outcomes))]

        def done(outcome: EventOutcome) -> None:
            if number in book.outcomes:
                book.outcomes[number] = outcome
            if not isinstance(outcome, EventStored):
                book.not_taken[number] = None
            self._tell(member, number, outcome)

        return done

    def unknown(self, member: int, number: int) -> None:
        """An event was not taken after all, and will be offered again."""
        self._book(member).outcomes.pop(number, None)

    def bounce(self, member: int, number: int, slot: int) -> None:
        """An event is not taken, because its slot belongs to another member."""
        self._book(member).not_taken[number] = slot

    def refuses(self, member: int, slot: int) -> bool:
        """Whether an event of a slot was refused that its sender still takes for handed over.

        Later ones would overtake it, even if the slot is this member's own by now.
        """
        not_taken = self._book(member).not_taken
        return bool(not_taken) and slot in not_taken.values()

    def took_back(self, member: int, number: int) -> None:
        """The sender knows that an event was not taken, or not stored."""
        self._book(member).not_taken.pop(number, None)

    def not_taken(self, member: int) -> Sequence[int]:
        """The events of a member that were not taken or not stored, as far as it does not know that yet."""
        return tuple(self._book(member).not_taken)

    def not_stored(self, member: int) -> Sequence[int]:
        """The known events of a member that are not stored, or not yet."""
        book = self._book(member)
        unstored = (number for number, one in book.outcomes.items() if not isinstance(one, EventStored))
        return list(dict.fromkeys((*unstored, *book.not_taken)))

    def _tell(self, member: int, number: int, outcome: EventOutcome) -> None:
        if not isinstance(outcome, EventStored):
            answer = self._book(member).answer
            if answer is not None:
                answer(EventResult(number, outcome))
            return
        if not self._stored:
            asyncio.get_running_loop().call_soon(self._flush)
        self._stored.setdefault(member, []).append(number)

    def _flush(self) -> None:
        stored, self._stored = self._stored, {}
        for member, numbers in stored.items():
            answer = self._book(member).answer
            if answer is not None:
                answer(EventsStored(numbers))


def mark_of(start: str, number: int, but: Collection[int]) -> bytes:
    """What is committed with an event of a start of a member: its number, and those before it that were not taken."""
    return " ".join((start, str(number), *map(str, but))).encode()


def marked(value: bytes | None, start: str | None = None) -> tuple[int, Sequence[int]]:
    """The last number that is committed, and those before it that are not; zero for another start."""
    known, *numbers = (value or b"").decode().split(" ")
    if not numbers or (start is not None and known != start):
        return 0, ()
    return int(numbers[0]), tuple(map(int, numbers[1:]))
