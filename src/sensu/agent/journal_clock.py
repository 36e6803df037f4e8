"""The clock by which the events of a journal grow old: seconds that they waited, whatever the wall clock is set to.

It goes on where it stood: within one start of the host by the time since that start, which is the same for all
processes; after another start of the host by the wall clock, if what that says can be believed.
"""

import contextlib
from pathlib import Path

from sensu.clock import Clock

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
PLAUSIBLE_S = 30 * 86_400.0
"""A host that seems to have been off for longer had a wrong clock before, or has one now; then no time has passed."""


class JournalClock:
    """Translates between durations of this process and the times that are written to the journal."""

    def __init__(self, file: Path, clock: Clock, boot_id_file: Path = BOOT_ID) -> None:
        """`file` keeps what the next process needs to know."""
        self._file, self._clock = file, clock
        self._boot_id = _text(boot_id_file)
        self._ahead_s = clock.now() - clock.monotonic()

    def go_on(self, last_at: float) -> None:
        """Continue after the last time in the journal (0: it is empty)."""
        boot_id, ahead_s, set_by_s = _noted(self._file)
        if boot_id and boot_id == self._boot_id:
            self._ahead_s = ahead_s
        elif last_at:
            waited_s = off_for_s(self._clock.now() - set_by_s - last_at)
            self._ahead_s = last_at + waited_s - self._clock.monotonic()
        self.note()

    def note(self) -> None:
        """Write down how this clock and the others compare; a disk that fails costs precision alone."""
        set_by_s = self._clock.now() - self._clock.monotonic() - self._ahead_s
        with contextlib.suppress(OSError):
            self._file.write_text(f"{self._boot_id} {self._ahead_s!r} {set_by_s!r}\n")

    def written(self, at: float) -> float:
        """What is written for a time of `Clock.monotonic`."""
        return at + self._ahead_s

    def read(self, at: float) -> float:
        """The time of `Clock.monotonic`, negative if that was before the host started, for what was written."""
        return at - self._ahead_s


def off_for_s(claimed_s: float) -> float:
    """How long a host was off, if the wall clock claims so many seconds."""
    return claimed_s if 0 <= claimed_s <= PLAUSIBLE_S else 0.0


def _noted(file: Path) -> tuple[str, float, float]:
    try:
        boot_id, ahead_s, set_by_s = _text(file).split()
        return boot_id, float(ahead_s), float(set_by_s)
    except ValueError:
        return "", 0.0, 0.0


def _text(file: Path) -> str:
    try:
        return file.read_text().strip()
    except (OSError, ValueError):
        return ""
