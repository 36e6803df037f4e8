"""The statuses that `sensu-check http --status` expects."""

from collections.abc import Iterable

STATUSES = range(100, 600)


def status_list(statuses: Iterable[int]) -> str:
    """Statuses as a list for `--status`, with `2xx` for a whole class; empty if none of them is a status."""
    wanted = {status for status in statuses if status in STATUSES}
    shown = []
    for first in range(STATUSES.start, STATUSES.stop, 100):
        whole = set(range(first, first + 100))
        if whole <= wanted:
            shown.append(f"{first // 100}xx")
        else:
            shown += [str(status) for status in sorted(wanted & whole)]
    return ",".join(shown)
