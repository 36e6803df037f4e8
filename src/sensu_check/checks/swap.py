"""The swap space in use."""

from argparse import ArgumentParser, Namespace

from sensu_check.finding import Finding, Measure
from sensu_check.flags import add_thresholds
from sensu_check.proc import meminfo
from sensu_check.ranges import PERCENT, plain
from sensu_check.words import percent, size_words

EXAMPLES = ("", "-w 30% -c 60%")


def add_flags(parser: ArgumentParser) -> None:
    """Add the flags of this check."""
    add_thresholds(parser, "the used swap space in percent", PERCENT, warning="50%", critical="80%")


def check(args: Namespace) -> Finding:
    """Compare what is used with its ranges; a host without swap space is OK."""
    memory = meminfo()
    total, free = memory["SwapTotal"], memory["SwapFree"]
    used = percent(total - free, total)
    text = f"{plain(used)}% used, {size_words(free)} of {size_words(total)} free" if total else "no swap space"
    return Finding(text, [Measure("used", used, "%", args.warning, args.critical, 0, 100)])
