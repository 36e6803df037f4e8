"""What the kernel says in /proc and /sys."""

from pathlib import Path

from sensu_check.finding import Unknown


def read(path: str) -> str:
    """The text of a file of the kernel.

    Raises Unknown if it cannot be read, as on another system than Linux.
    """
    try:
        return Path(path).read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as err:
        raise Unknown(f"{path} cannot be read: {err.strerror}") from None


def meminfo() -> dict[str, int]:
    """The values of /proc/meminfo, in bytes."""
    values = {}
    for line in read("/proc/meminfo").splitlines():
        name, _, rest = line.partition(":")
        number, _, unit = rest.strip().partition(" ")
        values[name] = int(number) * (1024 if unit == "kB" else 1)
    return values
