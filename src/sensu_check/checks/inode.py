"""The inodes of file systems."""

from argparse import ArgumentParser, Namespace

from sensu_check.file_systems import add_choice, chosen
from sensu_check.finding import Finding, Measure, Status
from sensu_check.flags import add_thresholds
from sensu_check.ranges import PERCENT, plain
from sensu_check.words import percent

EXAMPLES = ("", "-p /var -w 80% -c 90%")


def add_flags(parser: ArgumentParser) -> None:
    """Add the flags of this check."""
    add_choice(parser)
    add_thresholds(parser, "the used inodes in percent", PERCENT, warning="80%", critical="90%")


def check(args: Namespace) -> Finding:
    """Compare each file system with the ranges; those without a fixed number of inodes are left out."""
    measures = [
        Measure(path, percent(each.f_files - each.f_favail, each.f_files), "%", args.warning, args.critical, 0, 100)
        for path, each in chosen(args)
        if each.f_files
    ]
    if not measures:
        return Finding("no file system has a fixed number of inodes")
    measures.sort(key=lambda each: (each.status, each.value), reverse=True)
    shown = [each for each in measures if each.status != Status.OK] or measures[:1]
    return Finding(", ".join(f"{each.label} {plain(each.value)}% used" for each in shown), measures)
