"""Lines of a file that match a pattern."""

import os
from argparse import ArgumentParser, Namespace
from pathlib import Path

from sensu_check.finding import Finding
from sensu_check.network import failed
from sensu_check.new_lines import Matches, add_line_flags, finding, remember, state_file

EXAMPLES = (
    "/var/log/app.log --pattern ERROR -w 0 -c 0:10 --since-last-run",
    "/etc/app.conf --pattern '^debug = on'",
    "/run/app.state --pattern ^ready --require",
)
READ_MAX = 256 * 1024 * 1024
LINE_MAX = 64 * 1024


def add_flags(parser: ArgumentParser) -> None:
    """Add the flags of this check."""
    parser.add_argument("path", metavar="PATH", help="the file")
    add_line_flags(parser)


def check(args: Namespace) -> Finding:
    """Count the lines that match, and remember where the next run begins."""
    state = state_file(args, "file-match", str(Path(args.path).resolve()))
    found = Matches(args.pattern)
    try:
        with Path(args.path).open("rb") as file:
            about = os.fstat(file.fileno())
            file.seek(_begin(state, about) if state is not None else 0)
            read = 0
            while read < READ_MAX and (line := file.readline(LINE_MAX)):
                read += len(line)
                found.look_at(line.decode("utf-8", "replace").rstrip("\r\n"))
            end = file.tell()
    except OSError as err:
        raise failed(args.path, err) from None
    if state is not None:
        remember(state, f"{about.st_ino} {end}")
    return finding(args, found)


def _begin(state: Path, about: os.stat_result) -> int:
    """Where to begin: where the last run ended, or at the start if the file was rotated or cut since."""
    try:
        inode, _, offset = state.read_text().strip().partition(" ")
        if int(inode) != about.st_ino or int(offset) > about.st_size:
            return 0
        return int(offset)
    except (FileNotFoundError, ValueError):
        return about.st_size
