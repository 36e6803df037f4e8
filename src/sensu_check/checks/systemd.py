"""Failed systemd units, or the state of one."""

import subprocess
from argparse import ArgumentParser, Namespace

from sensu_check.finding import Finding, Measure, Status, Unknown

EXAMPLES = ("", "nginx.service postgresql.service", "backup.timer", "--exclude 'user@*.service'")


def add_flags(parser: ArgumentParser) -> None:
    """Add the flags of this check."""
    parser.add_argument(
        "unit", nargs="*", metavar="UNIT", help="units that must be active (default: no unit may have failed)"
    )
    parser.add_argument(
        "--exclude", action="append", default=[], metavar="PATTERN", help="failed units that do not count"
    )
    parser.add_argument(
        "--systemctl", default="systemctl", metavar="PATH", help="the program systemctl (default: systemctl)"
    )


def check(args: Namespace) -> Finding:
    """Ask systemd."""
    if args.unit:
        states = _asked(args, "is-active", "--", *args.unit)
        bad = [f"{unit} is {state}" for unit, state in zip(args.unit, states, strict=False) if state != "active"]
        if len(states) < len(args.unit):
            raise Unknown("systemctl did not answer for every unit")
        if bad:
            return Finding(", ".join(bad), status=Status.CRITICAL)
        return Finding(f"{', '.join(args.unit)} active")
    from fnmatch import fnmatchcase  # noqa: PLC0415 - not needed for single units

    lines = _asked(args, "list-units", "--state=failed", "--plain", "--no-legend", "--no-pager")
    units = [line.split()[0] for line in lines if line.strip()]
    failed = [unit for unit in units if not any(fnmatchcase(unit, pattern) for pattern in args.exclude)]
    measure = Measure("failed", len(failed), "", None, None, 0)
    if failed:
        return Finding(f"{len(failed)} failed: {', '.join(failed)}", [measure], Status.CRITICAL)
    return Finding("no failed units", [measure])


def _asked(args: Namespace, *arguments: str) -> list[str]:
    try:
        done = subprocess.run(  # noqa: S603 - the program and its arguments are fixed, units are behind --
            [args.systemctl, *arguments], capture_output=True, text=True, timeout=args.timeout, check=False
        )
    except FileNotFoundError:
        raise Unknown("this host has no systemctl, so it does not seem to run systemd") from None
    except subprocess.TimeoutExpired:
        raise Unknown("systemctl did not answer in time") from None
    if not done.stdout and done.stderr:
        raise Unknown(done.stderr.strip())
    return done.stdout.splitlines()
