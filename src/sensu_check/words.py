"""Sizes, shares and ages as people read them."""

from sensu_check.ranges import plain

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def size_words(number: float) -> str:
    """A size with two or three digits, such as `3.1 GiB`."""
    size = float(number)
    for unit in _UNITS:
        if abs(size) < 1024 or unit == _UNITS[-1]:
            break
        size /= 1024
    return f"{size:.0f} {unit}" if unit == "B" or abs(size) >= 10 else f"{size:.1f} {unit}"


def percent(part: float, whole: float) -> float:
    """How many percent a part is of the whole, with one decimal; 0 if the whole is 0."""
    return round(100 * part / whole, 1) if whole else 0.0


def age_words(seconds: float) -> str:
    """An age in its largest unit, such as `3.5 h`."""
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{plain(round(seconds / length, 1))} {unit}"
    return f"{plain(seconds)} s"
