"""The time that all members share: that of the database, which each of them measures with every sign of life."""

STEP_S = 1.0
"""A deviation above this is corrected at once, for example after a host was suspended."""
SLEW = 0.1
"""Smaller ones are corrected by at most this many seconds a second, so that what is due soon neither jumps nor repeats.
"""
REPORTED_S = 1.0
"""A host whose clock deviates by more than this is reported to operators."""


def ahead_s(before: float | None, earliest: float, latest: float, since_s: float) -> float:
    """By how much the common time is ahead of a monotonic clock, after a measurement.

    The time of the database was read at some moment of the measurement, so that the truth is between `earliest` and
    `latest`; a value in between is left as it is. `since_s` is the time since the last measurement.
    """
    if before is None:
        return (earliest + latest) / 2
    nearest = min(max(before, earliest), latest)
    if abs(nearest - before) > STEP_S:
        return nearest
    most = SLEW * since_s
    return before + min(max(nearest - before, -most), most)
