"""The clock for the age of journal events: seconds of waiting, independent of the wall clock.

It continues across processes: within one boot of the host by the time since boot, which is the same for all processes;
after another boot by the wall clock, if its value is plausible.
"""

import contextlib
from pathlib import Path

from sensu.clock import Clock

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
PLAUSIBLE_S = 30 * 86_400.0
"""If the host seems to have been off for longer, the wall clock is or was wrong, and no time is counted."""


class JournalClock:
    """Translates between times of this process and the times in the journal."""

    def __init__(self, file: Path, clock: Clock, boot_id_file: Path = BOOT_ID) -> None:
        """`file` keeps the state for the next process."""
        self._file, self._clock = file, clock
        self._boot_id = _text(boot_id_file)
        self._ahead_s = clock.now() - clock.monotonic()

    def go_on(self, last_at: float) -> None:
        """Continue from the last time in the journal (0: the journal is empty)."""
        self.follow(last_at)
        self.note()

    def follow(self, last_at: float) -> None:
        """Continue as `go_on` does, without saving anything."""
        boot_id, ahead_s, set_by_s = _noted(self._file)
        if boot_id and boot_id == self._boot_id:
            self._ahead_s = ahead_s
        elif last_at:
            waited_s = off_for_s(self._clock.now() - set_by_s - last_at)
            self._ahead_s = last_at + waited_s - self._clock.monotonic()

    def note(self) -> None:
        """Save how this clock compares to the others; a disk error only reduces precision."""
        set_by_s = self._clock.now() - self._clock.monotonic() - self._ahead_s
        with contextlib.suppress(OSError):
            self._file.write_text(f"{self._boot_id} {self._ahead_s!r} {set_by_s!r}\n")

    def written(self, at: float) -> float:
        """The journal time for a time of `Clock.monotonic`."""
        return at + self._ahead_s

    def read(self, at: float) -> float:
        """The time of `Clock.monotonic` for a journal time, negative if it was before the host booted."""
        return at - self._ahead_s


def off_for_s(claimed_s: float) -> float:
    """How long the host was off, given the seconds by the wall clock."""
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
