from sensu.backend.pipelined.queue.capacity import HandlerCapacity
from sensu.rules.workflow import HandlerRef, core_handler

SLOW, FAST = ("default", core_handler("slow")), ("default", core_handler("fast"))
SLOW_STREAM = ("default", HandlerRef("pipeline/v1", "TCPStreamHandler", "slow"))


def test_a_full_handler_takes_no_more_and_reports_when_it_does() -> None:
    """The room of a handler is bounded; after a refusal it asks for more once, when half of its room is free."""
    capacity = HandlerCapacity(4, 1)
    for _ in range(4):
        assert capacity.have_room([SLOW])
        capacity.add(SLOW)
    assert not capacity.have_room([SLOW])
    assert [capacity.remove(SLOW) for _ in range(4)] == [False, True, False, False]


def test_handlers_do_not_take_room_from_each_other() -> None:
    """A full handler leaves the room of others alone, also of one with its name and another kind."""
    capacity = HandlerCapacity(1, 1)
    capacity.add(SLOW)
    assert capacity.have_room([FAST, SLOW_STREAM])
    assert not capacity.have_room([FAST, SLOW])


async def test_a_handler_has_turns_of_its_own() -> None:
    """The turns of a handler are bounded, and no other handler uses them."""
    capacity = HandlerCapacity(10, 2)
    for handler in (SLOW, FAST, SLOW_STREAM):
        capacity.add(handler)
    await capacity.slot(SLOW).turns.acquire()
    await capacity.slot(SLOW).turns.acquire()
    assert capacity.slot(SLOW).turns.locked()
    assert not capacity.slot(FAST).turns.locked()
    assert not capacity.slot(SLOW_STREAM).turns.locked()


def test_a_handler_without_deliveries_is_forgotten() -> None:
    """Handlers that come and go leave nothing in memory."""
    capacity = HandlerCapacity(10, 2)
    for number in range(100):
        capacity.add(("default", core_handler(str(number))))
        capacity.remove(("default", core_handler(str(number))))
    assert not capacity._slots
