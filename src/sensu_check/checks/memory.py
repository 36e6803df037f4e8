"""The memory that programs cannot get without swapping."""

from argparse import ArgumentParser, Namespace

from sensu_check.finding import Finding, Measure
from sensu_check.flags import add_thresholds
from sensu_check.proc import meminfo
from sensu_check.ranges import PERCENT, plain
from sensu_check.words import percent, size_words

EXAMPLES = ("", "-w 80% -c 95%")


def add_flags(parser: ArgumentParser) -> None:
    """Add the flags of this check."""
    add_thresholds(parser, "the used memory in percent", PERCENT, warning="90%", critical="95%")


def check(args: Namespace) -> Finding:
    """Compare what is used with its ranges; memory that only caches files counts as free."""
    memory = meminfo()
    total, available = memory["MemTotal"], memory["MemAvailable"]
    used = percent(total - available, total)
    text = f"{plain(used)}% used, {size_words(available)} of {size_words(total)} available"
    return Finding(
        text,
        [
            Measure("used", used, "%", args.warning, args.critical, 0, 100),
            Measure("available", available, "B", None, None, 0, total),
        ],
    )
