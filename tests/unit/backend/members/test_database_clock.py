import logging

import pytest

from sensu.backend.members.database_clock import DatabaseClock
from sensu.testing.virtual_clock import VirtualClock


async def test_members_of_hosts_with_different_clocks_have_the_same_time() -> None:
    """After a sign of life the time is that of the database, and stays so when the clock of the host is set."""
    host = VirtualClock(5000.0)
    clock = DatabaseClock(host)
    assert clock.now() == 5000.0
    clock.measured(9000.0, host.monotonic())
    await host.advance(10)
    host.set_by(-3000.0)
    assert clock.now() == 9010.0
    clock.measured(9010.0, host.monotonic())
    assert clock.now() == 9010.0


async def test_a_slow_answer_moves_nothing_that_may_be_right() -> None:
    """An answer that took two seconds says less than the one before it, which came at once."""
    host = VirtualClock(5000.0)
    clock = DatabaseClock(host)
    clock.measured(9000.0, host.monotonic())
    asked_at = host.monotonic()
    await host.advance(2)
    clock.measured(9001.9, asked_at)
    assert clock.now() == 9002.0


async def test_operators_hear_once_that_a_clock_deviates(caplog: pytest.LogCaptureFixture) -> None:
    """A host whose clock is not that of the database is reported when that is found, and again if it comes back."""
    host = VirtualClock(5000.0)
    clock = DatabaseClock(host)
    with caplog.at_level(logging.WARNING):
        for set_by_s in (0.0, 30.0, 0.0, 0.0, -30.0, 5.0):
            host.set_by(set_by_s)
            clock.measured(5000.0 + host.monotonic(), host.monotonic())
            await host.advance(1)
    assert [record.fields["host_ahead_s"] for record in caplog.records] == [30.0, 5.0]  # type: ignore[attr-defined]
