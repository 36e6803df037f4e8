"""The software RAID arrays of Linux."""

import re
from argparse import ArgumentParser, Namespace

from sensu_check.finding import Finding, Measure, Status
from sensu_check.proc import read

EXAMPLES = ("",)
MDSTAT = "/proc/mdstat"
_ARRAY = re.compile(r"^(\S+) : (\S+)(.*)$")
_DISKS = re.compile(r"\[(\d+)/(\d+)\] \[[U_]+\]")
_REBUILD = re.compile(r"(recovery|resync|reshape|check) *= *([0-9.]+)%")


def add_flags(parser: ArgumentParser) -> None:
    """Add the flags of this check."""
    parser.add_argument("--mdstat", default=MDSTAT, metavar="PATH", help=f"the kernel's file (default: {MDSTAT})")


def check(args: Namespace) -> Finding:
    """Look for arrays that miss disks: critical, or a warning while one is rebuilt."""
    status, problems, arrays = Status.OK, [], 0
    name, state = "", ""
    for line in read(args.mdstat).splitlines():
        if (found := _ARRAY.match(line)) and found[1] != "Personalities":
            name, state = found[1], found[2]
            arrays += 1
            if state != "active":
                problems.append(f"{name} is {state}")
                status = Status.CRITICAL
        elif (found := _DISKS.search(line)) and int(found[2]) < int(found[1]):
            problems.append(f"{name} has {found[2]} of {found[1]} disks")
            status = Status.CRITICAL
        elif (found := _REBUILD.search(line)) and found[1] != "check":
            problems.append(f"{name} {found[1]} {found[2]}%")
            if found[1] == "recovery":
                status = max(Status.WARNING, status)
    measure = Measure("arrays", arrays, "", None, None, 0)
    if problems:
        return Finding(", ".join(problems), [measure], status)
    return Finding(f"{arrays} arrays are complete" if arrays else "no arrays", [measure])
