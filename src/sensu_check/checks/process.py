"""The number of processes, with their age, memory and CPU."""

import os
import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace

from sensu_check import clock
from sensu_check.finding import Finding, Measure
from sensu_check.flags import add_thresholds, range_of
from sensu_check.ranges import BYTES, PLAIN, SECONDS
from sensu_check.words import age_words, size_words

EXAMPLES = (
    "nginx",
    "postgres --user postgres -c 5:",
    "java --args-match kafka --rss-critical 0:4Gi",
    "backup -w 0:1 -c 0:3",
)


def add_flags(parser: ArgumentParser) -> None:
    """Add the flags of this check."""
    parser.add_argument("program", metavar="NAME", help="name of the program, as ps -e shows it")
    add_thresholds(parser, "the number of processes", PLAIN, critical="1:")
    parser.add_argument("--user", help="only processes of this user")
    parser.add_argument("--args-match", metavar="PATTERN", type=_pattern, help="only those whose arguments match")
    for flag, units, what in (("age", SECONDS, "age of the youngest"), ("rss", BYTES, "memory of all together")):
        for name in ("warning", "critical"):
            parser.add_argument(
                f"--{flag}-{name}", metavar="RANGE", type=range_of(units), help=f"{name} range of the {what}"
            )


def check(args: Namespace) -> Finding:
    """Count the processes that match, without this one."""
    import psutil  # noqa: PLC0415 - costs 21 ms, which the help need not wait for

    found = []
    for process in psutil.process_iter(["name", "username", "cmdline", "create_time", "memory_info"]):
        about = process.info
        if process.pid == os.getpid():
            continue
        line = about["cmdline"] or []
        # The kernel cuts names after 15 characters, so the name of the program in the arguments counts as well.
        names = {about["name"], line[0].rpartition("/")[2] if line else ""}
        if args.program not in names or (args.user is not None and about["username"] != args.user):
            continue
        if args.args_match is None or args.args_match.search(" ".join(line)):
            found.append(about)
    measures = [Measure("count", len(found), "", args.warning, args.critical, 0)]
    if not found:
        return Finding(f"no process {args.program}", measures)
    age = max(0, round(clock.now() - max(each["create_time"] for each in found)))
    memory = sum(each["memory_info"].rss for each in found if each["memory_info"])
    measures.append(Measure("age", age, "s", args.age_warning, args.age_critical, 0))
    measures.append(Measure("rss", memory, "B", args.rss_warning, args.rss_critical, 0))
    many = f"{len(found)} process{'' if len(found) == 1 else 'es'} {args.program}"
    return Finding(f"{many}, the youngest started {age_words(age)} ago, {size_words(memory)} of memory", measures)


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as err:
        raise ArgumentTypeError(f'"{text}" is not a pattern: {err}') from None
