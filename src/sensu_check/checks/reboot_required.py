"""Whether this host must be restarted for an update to take effect."""

import os
from argparse import ArgumentParser, Namespace
from pathlib import Path

from sensu_check.finding import Finding, Status

EXAMPLES = ("", "--status critical")
MARK = "/var/run/reboot-required"
"""Written by the package manager of Debian and Ubuntu."""
MODULES = "/lib/modules"


def add_flags(parser: ArgumentParser) -> None:
    """Add the flags of this check."""
    parser.add_argument(
        "--status", choices=("warning", "critical"), default="warning", help="status if it must (default: warning)"
    )
    parser.add_argument("--mark", default=MARK, help=f"the file that says so (default: {MARK})")


def check(args: Namespace) -> Finding:
    """Look for the mark of the package manager, and for the modules of the running kernel."""
    mark, release = Path(args.mark), os.uname().release
    if mark.exists():
        packages = Path(f"{args.mark}.pkgs")
        names = sorted(set(packages.read_text(errors="replace").split())) if packages.exists() else []
        why = f" for {', '.join(names)}" if names else ""
        return Finding(f"a restart is required{why}", status=Status[args.status.upper()])
    modules = Path(MODULES)
    if modules.is_dir() and any(modules.iterdir()) and not (modules / release).is_dir():
        return Finding(f"the running kernel {release} was removed: restart", status=Status[args.status.upper()])
    return Finding(f"no restart required (kernel {release})")
