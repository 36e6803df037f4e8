"""Mounted file systems."""

from argparse import ArgumentParser, Namespace

from sensu_check.finding import Finding, Status
from sensu_check.mounts import mounts

EXAMPLES = ("/backup", "/data /srv --writable", "/data --type xfs")


def add_flags(parser: ArgumentParser) -> None:
    """Add the flags of this check."""
    parser.add_argument("path", nargs="+", metavar="PATH", help="a mount point")
    parser.add_argument("--type", metavar="TYPE", help="the type that the file system must have")
    parser.add_argument("--writable", action="store_true", help="the file system must not be mounted read-only")


def check(args: Namespace) -> Finding:
    """Look for each path among the mount points."""
    found = {each.path: each for each in mounts()}
    problems = []
    for path in args.path:
        mount = found.get(path.rstrip("/") or "/")
        if mount is None:
            problems.append(f"{path} is not mounted")
        elif args.type is not None and mount.type != args.type:
            problems.append(f"{path} is {mount.type} instead of {args.type}")
        elif args.writable and "ro" in mount.options:
            problems.append(f"{path} is mounted read-only")
    if problems:
        return Finding(", ".join(problems), status=Status.CRITICAL)
    return Finding(f"{', '.join(args.path)} mounted")
