"""LineConnection of a file that match a pattern."""

import os
import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from hashlib import sha256
from pathlib import Path

from sensu_check.finding import Failed, Finding, Measure, Unknown
from sensu_check.flags import add_thresholds
from sensu_check.formats import one_line
from sensu_check.network import failed, reason
from sensu_check.ranges import PLAIN

EXAMPLES = (
    "/var/log/app.log --pattern ERROR -w 0 -c 0:10 --since-last-run",
    "/etc/app.conf --pattern '^debug = on'",
    "/run/app.state --pattern ^ready --require",
)
READ_MAX = 256 * 1024 * 1024
LINE_MAX = 64 * 1024
SHOWN = 10


def add_flags(parser: ArgumentParser) -> None:
    """Add the flags of this check."""
    parser.add_argument("path", metavar="PATH", help="the file")
    parser.add_argument("--pattern", required=True, type=_pattern, help="regular expression")
    add_thresholds(parser, "the number of lines that match", PLAIN, critical="0")
    parser.add_argument("--require", action="store_true", help="critical if no line matches; the ranges do not count")
    parser.add_argument(
        "--since-last-run",
        action="store_true",
        help="only lines that were added since the last run; the first run sees none",
    )
    parser.add_argument(
        "--state", metavar="FOLDER", help="where it is kept how far was read (default: $SENSU_CACHE_DIR)"
    )


def check(args: Namespace) -> Finding:
    """Count the lines that match, and remember where the next run begins."""
    if args.require and args.since_last_run:
        raise Unknown("use either --require or --since-last-run")
    found: list[str] = []
    count = 0
    try:
        with Path(args.path).open("rb") as file:
            about = os.fstat(file.fileno())
            state = _state(args) if args.since_last_run else None
            file.seek(_begin(state, about) if state is not None else 0)
            read = 0
            while read < READ_MAX and (line := file.readline(LINE_MAX)):
                read += len(line)
                text = line.decode("utf-8", "replace").rstrip("\r\n")
                if args.pattern.search(text):
                    count += 1
                    if len(found) < SHOWN:
                        found.append(one_line(text))
            end = file.tell()
    except OSError as err:
        raise failed(args.path, err) from None
    if state is not None:
        _remember(state, about.st_ino, end)
    return _finding(args, count, found)


def _finding(args: Namespace, count: int, found: list[str]) -> Finding:
    lines = f"{count}{' new' if args.since_last_run else ''} line{'' if count == 1 else 's'}"
    match = "matches" if count == 1 else "match"
    text = f'{lines} {match} "{args.pattern.pattern}"' + (f": {found[0]}" if found else "")
    if args.require:
        if not count:
            raise Failed(f'no line matches "{args.pattern.pattern}"')
        return Finding(text, [Measure("lines", count, "", None, None, 0)], details=found)
    return Finding(text, [Measure("lines", count, "", args.warning, args.critical, 0)], details=found)


def _state(args: Namespace) -> Path:
    folder = args.state or os.environ.get("SENSU_CACHE_DIR")
    if not folder:
        raise Unknown("--since-last-run needs --state FOLDER, or the variable SENSU_CACHE_DIR")
    key = sha256(f"{Path(args.path).resolve()}\0{args.pattern.pattern}".encode()).hexdigest()[:24]
    return Path(folder) / f"sensu-check-file-match-{key}"


def _begin(state: Path, about: os.stat_result) -> int:
    """Where to begin: where the last run ended, or at the start if the file was rotated or cut since."""
    try:
        inode, _, offset = state.read_text().strip().partition(" ")
        if int(inode) != about.st_ino or int(offset) > about.st_size:
            return 0
        return int(offset)
    except (FileNotFoundError, ValueError):
        return about.st_size


def _remember(state: Path, inode: int, offset: int) -> None:
    new = state.with_suffix(".new")
    try:
        new.write_text(f"{inode} {offset}\n")
        new.replace(state)
    except OSError as err:
        raise Unknown(f"{state} cannot be written: {reason(err)}") from None


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as err:
        raise ArgumentTypeError(f'"{text}" is not a pattern: {err}') from None
