"""Updates of packages that wait to be installed."""

import os
import re
import shutil
import subprocess
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from sensu_check.finding import Finding, Measure, Unknown
from sensu_check.flags import add_thresholds, range_of
from sensu_check.ranges import PLAIN

EXAMPLES = ("", "-w 20 --security-critical 0 -t 60s")
_APT_LINE = re.compile(r"^Inst (\S+) (?:\[\S+\] )?\((\S+) (.*)\)")
SHOWN = 5
_DNF_UPDATES = 100
"""What `dnf check-update` exits with when updates wait."""


def add_flags(parser: ArgumentParser) -> None:
    """Add the flags of this check."""
    add_thresholds(parser, "the number of updates", PLAIN)
    for name, default in (("warning", "0"), ("critical", None)):
        says = "" if default is None else f" (default: {default})"
        parser.add_argument(
            f"--security-{name}",
            metavar="RANGE",
            type=range_of(PLAIN),
            default=default,
            help=f"{name} range of the security updates{says}",
        )
    parser.add_argument("--manager", choices=("apt", "dnf"), help="the package manager (default: the one of this host)")


def check(args: Namespace) -> Finding:
    """Ask the package manager what it would install; its lists are those of its last update."""
    manager = args.manager or next((each for each in ("apt", "dnf") if shutil.which(_PROGRAMS[each])), None)
    if manager is None:
        raise Unknown("this host has neither apt nor dnf")
    updates, security = (_apt if manager == "apt" else _dnf)(args)
    text = f"{len(updates)} update{'' if len(updates) == 1 else 's'}, {len(security)} of them for security"
    return Finding(
        f"{text}: {_first(security)}" if security else text,
        [
            Measure("updates", len(updates), "", args.warning, args.critical, 0),
            Measure("security", len(security), "", args.security_warning, args.security_critical, 0),
        ],
        details=updates,
    )


def _first(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


_PROGRAMS = {"apt": "apt-get", "dnf": "dnf"}


def _apt(args: Namespace) -> tuple[list[str], list[str]]:
    lines = _asked(args, ["apt-get", "--simulate", "--option", "Debug::NoLocking=true", "upgrade"], [0])
    found = [match for line in lines if (match := _APT_LINE.match(line))]
    return [each[1] for each in found], [each[1] for each in found if "security" in each[3].lower()]


def _dnf(args: Namespace) -> tuple[list[str], list[str]]:
    command = ["dnf", "--quiet", "--cacheonly", "check-update"]
    names = [_names(_asked(args, [*command, *more], [0, _DNF_UPDATES])) for more in ([], ["--security"])]
    return names[0], names[1]


def _names(lines: Sequence[str]) -> list[str]:
    """The packages of `dnf check-update`: lines of name, version and repository, up to those that are obsolete."""
    names = []
    for line in lines:
        if line.startswith("Obsoleting"):
            break
        if len(parts := line.split()) == 3:
            names.append(parts[0].rpartition(".")[0] or parts[0])
    return names


def _asked(args: Namespace, command: Sequence[str], fine: Sequence[int]) -> Sequence[str]:
    try:
        done = subprocess.run(  # noqa: S603 - the command is one of those above
            command,
            capture_output=True,
            text=True,
            timeout=args.timeout,
            check=False,
            env={**os.environ, "LC_ALL": "C"},
        )
    except FileNotFoundError:
        raise Unknown(f"this host has no {command[0]}") from None
    except subprocess.TimeoutExpired:
        raise Unknown(f"{command[0]} did not answer in time") from None
    if done.returncode not in fine:
        problem = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise Unknown(f"{command[0]}: {problem[0]}")
    return done.stdout.splitlines()
