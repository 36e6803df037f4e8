"""The clock by which the events of a journal grow old."""

from pathlib import Path

import pytest

from sensu.agent.journal_clock import PLAUSIBLE_S, JournalClock
from sensu.testing.virtual_clock import VirtualClock

NOW = 1_700_000_000.0
DAY_S = 86_400.0


class Host:
    """A host that starts now and then; `opened` is what an agent that starts on it has."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.boots = 0
        self.start(NOW)

    def start(self, at: float) -> None:
        self.boots += 1
        (self.folder / "boot_id").write_text(f"boot-{self.boots}\n")
        self.clock = VirtualClock(at)

    def opened(self, last_at: float = 0.0) -> JournalClock:
        times = JournalClock(self.folder / "clock", self.clock, self.folder / "boot_id")
        times.go_on(last_at)
        return times


@pytest.mark.parametrize("set_by_s", [-3 * DAY_S, 0.0, 3 * DAY_S, 60 * DAY_S])
async def test_an_agent_that_starts_again_knows_how_long_was_waited(tmp_path: Path, set_by_s: float) -> None:
    """Within one start of the host, setting the clock makes no event older or younger."""
    host = Host(tmp_path)
    written = host.opened().written(host.clock.monotonic())
    host.clock.set_by(set_by_s)
    await host.clock.jump(100)
    assert host.clock.monotonic() - host.opened(written).read(written) == 100


@pytest.mark.parametrize(
    ("off_s", "expected"),
    [(600.0, 600.0), (2 * DAY_S, 2 * DAY_S), (-600.0, 0.0), (PLAUSIBLE_S + 1, 0.0), (55 * 365 * DAY_S, 0.0)],
    ids=["ten minutes", "two days", "clock behind", "too long", "no battery"],
)
def test_after_a_start_of_the_host_its_clock_is_believed(tmp_path: Path, off_s: float, expected: float) -> None:
    """The time for which a host was off counts, unless its clock says what cannot be."""
    host = Host(tmp_path)
    written = host.opened().written(0.0)
    host.start(NOW + off_s)
    assert host.clock.monotonic() - host.opened(written).read(written) == expected


def test_a_clock_that_was_set_right_before_the_host_was_off(tmp_path: Path) -> None:
    """If the clock was set while the agent ran, only the time since then counts after a start of the host."""
    host = Host(tmp_path)
    times = host.opened()
    written = times.written(0.0)
    host.clock.set_by(3 * DAY_S)
    times.note()
    host.start(NOW + 3 * DAY_S + 600)
    assert host.clock.monotonic() - host.opened(written).read(written) == pytest.approx(600)


@pytest.mark.parametrize("left", ["", "nonsense", "a b c", "\x00"])
def test_a_damaged_note_costs_precision_alone(tmp_path: Path, left: str) -> None:
    """Whatever is left of the note, the journal can be used, and its events are as old as the clock says."""
    host = Host(tmp_path)
    (tmp_path / "clock").write_text(left)
    assert host.opened(NOW - 500).read(NOW - 500) == -500
