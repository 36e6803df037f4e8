"""Which file systems the checks `disk` and `inode` look at, and what the kernel says about each."""

import os
from argparse import ArgumentParser, Namespace
from fnmatch import fnmatchcase
from pathlib import Path

from sensu_check.finding import Unknown
from sensu_check.mounts import VIRTUAL, Mount, mounts
from sensu_check.network import failed


def add_choice(parser: ArgumentParser) -> None:
    """Add the flags that choose file systems."""
    parser.add_argument(
        *("-p", "--path"),
        action="append",
        metavar="PATH",
        help="a path whose file system is checked; can be repeated (default: all that hold data)",
    )
    parser.add_argument("--type", action="append", metavar="TYPE", help="only file systems of this type, such as ext4")
    parser.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="PATTERN",
        help="leave out mount points that match, such as /mnt/*",
    )


def chosen(args: Namespace) -> list[tuple[str, os.statvfs_result]]:
    """The paths to check, with what the kernel says about their file systems.

    Raises Failed if a path that was asked for does not exist, and Unknown if nothing is left to check.
    """
    if args.path:
        found = [(path, _statistics(path)) for path in args.path]
    else:
        found = []
        devices = set()
        for mount in filter(lambda each: _wanted(each, args), mounts()):
            try:
                device, statistics = Path(mount.path).stat().st_dev, os.statvfs(mount.path)
            except OSError:  # not visible for this user, such as the folder of another user's FUSE mount
                continue
            if statistics.f_blocks and device not in devices:
                devices.add(device)
                found.append((mount.path, statistics))
    if not found:
        raise Unknown("no file system to check: see --path, --type and --exclude")
    return found


def _wanted(mount: Mount, args: Namespace) -> bool:
    typed = mount.type in args.type if args.type else mount.type not in VIRTUAL
    return typed and not any(fnmatchcase(mount.path, pattern) for pattern in args.exclude)


def _statistics(path: str) -> os.statvfs_result:
    try:
        return os.statvfs(path)
    except OSError as err:
        raise failed(path, err) from None
