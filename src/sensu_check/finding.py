"""What a check found: a status, a line of text, and measures."""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple

from sensu_check.ranges import Range


class Status(IntEnum):
    """The exit status of a check."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


_SEVERITY = (Status.OK, Status.WARNING, Status.UNKNOWN, Status.CRITICAL)


def worst(statuses: Iterable[Status]) -> Status:
    """The most severe of several statuses; OK if there are none."""
    return max(statuses, key=_SEVERITY.index, default=Status.OK)


class Measure(NamedTuple):
    """A measured value with the ranges that it was compared with."""

    label: str
    value: float
    unit: str = ""
    """One of s, ms, us, %, B, c (a counter), or nothing."""
    warning: Range | None = None
    critical: Range | None = None
    least: float | None = None
    most: float | None = None

    @property
    def status(self) -> Status:
        """The status that the ranges give to the value."""
        if self.critical is not None and self.critical.alerts(self.value):
            return Status.CRITICAL
        if self.warning is not None and self.warning.alerts(self.value):
            return Status.WARNING
        return Status.OK


class Finding(NamedTuple):
    """The result of a check."""

    text: str
    measures: Sequence[Measure] = ()
    status: Status = Status.OK
    """What the check itself found, such as a wrong answer; measures can only make it worse."""
    details: Sequence[str] = ()
    """LineConnection that are printed with `--verbose`."""

    @property
    def overall(self) -> Status:
        """The status of the check, with that of its measures."""
        return worst((self.status, *(measure.status for measure in self.measures)))

    def inverted(self) -> "Finding":
        """The finding with OK and critical exchanged; the measures have no ranges then."""
        exchanged = {Status.OK: Status.CRITICAL, Status.CRITICAL: Status.OK}
        measures = [measure._replace(warning=None, critical=None) for measure in self.measures]
        return self._replace(status=exchanged.get(self.overall, self.overall), measures=measures)


class Failed(Exception):
    """The check cannot find out more: the text and the status are its result."""

    def __init__(self, text: str, status: Status = Status.CRITICAL, details: Sequence[str] = ()) -> None:
        super().__init__(text)
        self.finding = Finding(text, status=status, details=details)


class Late(Failed):
    """What is watched did not answer in time; `--timeout-status` decides how bad that is."""


class Unknown(Failed):
    """The check could not be carried out, for example because a program or a right is missing."""

    def __init__(self, text: str) -> None:
        super().__init__(text, Status.UNKNOWN)
