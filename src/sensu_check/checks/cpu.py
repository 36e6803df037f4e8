"""The use of the processors over a short time."""

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from sensu_check.finding import Finding, Measure, Unknown
from sensu_check.flags import add_thresholds, number_of
from sensu_check.proc import read
from sensu_check.ranges import PERCENT, SECONDS, plain
from sensu_check.words import percent

EXAMPLES = ("", "-w 80% -c 95% --over 5s", "--per-cpu -w 99%")
_IDLE, _IOWAIT, _STEAL = 3, 4, 7
_COUNTED = 8
"""user, nice, system, idle, iowait, irq, softirq and steal; the time of guests is part of user."""


def add_flags(parser: ArgumentParser) -> None:
    """Add the flags of this check."""
    add_thresholds(parser, "the use in percent", PERCENT, warning="90%", critical="98%")
    parser.add_argument(
        "--over", metavar="TIME", type=number_of(SECONDS), default=1.0, help="time to measure (default: 1s)"
    )
    parser.add_argument("--per-cpu", action="store_true", help="compare each processor with the ranges")


def check(args: Namespace) -> Finding:
    """Compare the use with its ranges."""
    if args.over >= args.timeout:
        raise Unknown(f"--over {args.over:g}s must be shorter than --timeout {args.timeout:g}s")
    before = _times()
    time.sleep(args.over)
    after = _times()
    passed = {name: [b - a for a, b in zip(before[name], after[name], strict=True)] for name in after if name in before}
    whole = passed.pop("cpu")
    chosen = passed if args.per_cpu else {"used": whole}
    measures = [Measure(name, _used(each), "%", args.warning, args.critical, 0, 100) for name, each in chosen.items()]
    measures.append(Measure("iowait", percent(whole[_IOWAIT], sum(whole)), "%", None, None, 0, 100))
    measures.append(Measure("steal", percent(whole[_STEAL], sum(whole)), "%", None, None, 0, 100))
    return Finding(f"{plain(_used(whole))}% used over {args.over:g} s", measures)


def _used(passed: Sequence[int]) -> float:
    return percent(sum(passed) - passed[_IDLE] - passed[_IOWAIT], sum(passed))


def _times() -> dict[str, list[int]]:
    lines = (line.split() for line in read("/proc/stat").splitlines() if line.startswith("cpu"))
    return {name: list(map(int, numbers[:_COUNTED])) for name, *numbers in lines}
