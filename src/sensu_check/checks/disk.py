"""The space of file systems."""

from argparse import ArgumentParser, Namespace

from sensu_check.file_systems import add_choice, chosen
from sensu_check.finding import Finding, Measure, Status
from sensu_check.flags import add_thresholds, range_of
from sensu_check.ranges import BYTES, PERCENT, plain
from sensu_check.words import percent, size_words

EXAMPLES = ("", "-p / -p /var -w 80% -c 90%", "--free-critical 5Gi:", "--exclude '/mnt/*'")


def add_flags(parser: ArgumentParser) -> None:
    """Add the flags of this check."""
    add_choice(parser)
    add_thresholds(parser, "the used space in percent", PERCENT, warning="80%", critical="90%")
    for name in ("warning", "critical"):
        parser.add_argument(
            f"--free-{name}",
            metavar="RANGE",
            type=range_of(BYTES),
            help=f"{name} range of the free space, such as 5Gi:",
        )


def check(args: Namespace) -> Finding:
    """Compare each file system with the ranges.

    Space that is reserved for root counts as used, as users cannot fill it.
    """
    measures, lines = [], []
    for path, statistics in chosen(args):
        free = statistics.f_bavail * statistics.f_frsize
        total = (statistics.f_blocks - statistics.f_bfree + statistics.f_bavail) * statistics.f_frsize
        used = Measure(path, percent(total - free, total), "%", args.warning, args.critical, 0, 100)
        left = Measure(f"{path} free", free, "B", args.free_warning, args.free_critical, 0, total)
        measures += [used, left]
        line = f"{path} {plain(used.value)}% ({size_words(free)} of {size_words(total)} free)"
        lines.append((max(used.status, left.status), used.value, line))
    lines.sort(key=lambda each: each[:2], reverse=True)
    failing = [line for status, _, line in lines if status != Status.OK]
    return Finding(
        ", ".join(failing) or f"{lines[0][2]} is the fullest of {len(lines)}",
        measures,
        details=[line for *_, line in lines],
    )
