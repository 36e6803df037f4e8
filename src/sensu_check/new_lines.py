"""Lines that match a pattern, with a file that keeps how far the last run read."""

import os
import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from hashlib import sha256
from pathlib import Path

from sensu_check.finding import Failed, Finding, Measure, Unknown
from sensu_check.flags import add_thresholds
from sensu_check.formats import one_line
from sensu_check.network import reason
from sensu_check.ranges import PLAIN

SHOWN = 10


class Matches:
    """Counts lines that match, and keeps the first ones to show."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern = pattern
        self.count = 0
        self.shown: list[str] = []

    def look_at(self, line: str, shown: str = "") -> None:
        """Count a line if it matches; `shown` is what to show of it, if not the line itself."""
        if self._pattern.search(line):
            self.count += 1
            if len(self.shown) < SHOWN:
                self.shown.append(one_line(shown or line))


def add_line_flags(parser: ArgumentParser) -> None:
    """Add the pattern, the ranges, and where it is kept how far was read."""
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


def finding(args: Namespace, found: Matches) -> Finding:
    """The finding about the lines that match."""
    lines = f"{found.count}{' new' if args.since_last_run else ''} line{'' if found.count == 1 else 's'}"
    match = "matches" if found.count == 1 else "match"
    text = f'{lines} {match} "{args.pattern.pattern}"' + (f": {found.shown[0]}" if found.shown else "")
    if args.require and not found.count:
        raise Failed(f'no line matches "{args.pattern.pattern}"')
    warning, critical = (None, None) if args.require else (args.warning, args.critical)
    return Finding(text, [Measure("lines", found.count, "", warning, critical, 0)], details=found.shown)


def state_file(args: Namespace, check: str, *parts: str) -> Path | None:
    """The file that keeps how far was read; None without --since-last-run."""
    if not args.since_last_run:
        return None
    if args.require:
        raise Unknown("use either --require or --since-last-run")
    folder = args.state or os.environ.get("SENSU_CACHE_DIR")
    if not folder:
        raise Unknown("--since-last-run needs --state FOLDER, or the variable SENSU_CACHE_DIR")
    key = sha256("\0".join((*parts, args.pattern.pattern)).encode()).hexdigest()[:24]
    return Path(folder) / f"sensu-check-{check}-{key}"


def remember(state: Path, text: str) -> None:
    """Keep how far was read."""
    new = state.with_suffix(".new")
    try:
        new.write_text(f"{text}\n")
        new.replace(state)
    except OSError as err:
        raise Unknown(f"{state} cannot be written: {reason(err)}") from None


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as err:
        raise ArgumentTypeError(f'"{text}" is not a pattern: {err}') from None
