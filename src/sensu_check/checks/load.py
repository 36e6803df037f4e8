"""The load averages of 1, 5 and 15 minutes."""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from sensu_check.finding import Finding, Measure
from sensu_check.flags import add_thresholds
from sensu_check.ranges import PLAIN, Range, plain

EXAMPLES = ("", "-w 4,3,2 -c 8,6,4", "--per-cpu -w 1 -c 2")
MINUTES = (1, 5, 15)


def add_flags(parser: ArgumentParser) -> None:
    """Add the flags of this check."""
    add_thresholds(parser, "the averages of 1, 5 and 15 minutes; one range is that of all", PLAIN, PLAIN, PLAIN)
    parser.add_argument("--per-cpu", action="store_true", help="divide the averages by the number of processors")


def check(args: Namespace) -> Finding:
    """Compare the averages with their ranges."""
    processors = len(os.sched_getaffinity(0)) if args.per_cpu else 1
    averages = [each / processors for each in os.getloadavg()]
    warning, critical = (_for_all(each) for each in (args.warning, args.critical))
    text = ", ".join(plain(round(each, 2)) for each in averages) + (" per processor" if args.per_cpu else "")
    measures = [
        Measure(f"load{minutes}", round(average, 3), "", warning[index], critical[index], 0)
        for index, (minutes, average) in enumerate(zip(MINUTES, averages, strict=True))
    ]
    return Finding(text, measures)


def _for_all(ranges: Sequence[Range | None] | None) -> Sequence[Range | None]:
    if ranges is None:
        return [None] * len(MINUTES)
    return [ranges[0]] * len(MINUTES) if ranges[1] is None and ranges[2] is None else ranges
