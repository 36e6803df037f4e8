"""Entries of the systemd journal that match a pattern."""

import json
import subprocess
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from sensu_check.finding import Finding, Unknown
from sensu_check.flags import number_of
from sensu_check.new_lines import Matches, add_line_flags, finding, remember, state_file
from sensu_check.ranges import SECONDS

EXAMPLES = (
    "--pattern 'Out of memory' --since-last-run",
    "--pattern . --priority err --unit nginx.service -w 0 -c 0:20 --since-last-run",
    "--unit backup.service --pattern 'finished' --within 26h --require",
)
ENTRIES_MAX = 20_000


def add_flags(parser: ArgumentParser) -> None:
    """Add the flags of this check."""
    add_line_flags(parser)
    parser.add_argument("--unit", action="append", default=[], metavar="UNIT", help="only of this unit; repeatable")
    parser.add_argument("--identifier", metavar="NAME", help="only of this program, such as kernel or sshd")
    parser.add_argument("--priority", metavar="NAME", help="only of this priority or above, such as err or warning")
    parser.add_argument(
        "--within",
        metavar="TIME",
        type=number_of(SECONDS),
        default=300.0,
        help="without --since-last-run, how far back entries are read (default: 5m)",
    )
    parser.add_argument(
        "--journalctl", default="journalctl", metavar="PATH", help="the program journalctl (default: journalctl)"
    )


def check(args: Namespace) -> Finding:
    """Count the entries that match, and remember the last one."""
    chosen = [f"--unit={unit}" for unit in args.unit]
    chosen += [f"--identifier={args.identifier}"] if args.identifier else []
    chosen += [f"--priority={args.priority}"] if args.priority else []
    state = state_file(args, "journal", *chosen)
    found = Matches(args.pattern)
    if state is None:
        for entry in _entries(args, *chosen, f"--since=-{args.within:.0f}s"):
            found.look_at(_message(entry), _shown(entry))
        return finding(args, found)
    last = _last(state)
    if last is None:
        entries = _entries(args, "--lines=1")
    else:
        entries = _entries(args, *chosen, *([f"--after-cursor={last}"] if last else []))
        for entry in entries:
            found.look_at(_message(entry), _shown(entry))
    remember(state, str(entries[-1].get("__CURSOR", "")) if entries else last or "")
    return finding(args, found)


def _last(state: Path) -> str | None:
    """The place of the last entry that was read, empty if there was none; None at the first run."""
    try:
        return state.read_text().strip()
    except FileNotFoundError:
        return None


def _entries(args: Namespace, *arguments: str) -> list[dict[str, Any]]:
    """Entries in the order of time; of more than a number, the newest."""
    lines = [] if any(each.startswith("--lines=") for each in arguments) else [f"--lines={ENTRIES_MAX}"]
    command = [args.journalctl, "--output=json", "--no-pager", "--quiet", *lines, *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - a list of words; no shell
            command, capture_output=True, text=True, errors="replace", timeout=args.timeout, check=False
        )
    except FileNotFoundError:
        raise Unknown("this host has no journalctl, so it does not seem to run systemd") from None
    except subprocess.TimeoutExpired:
        raise Unknown("journalctl did not answer in time") from None
    said = (done.stderr.strip().splitlines() or [""])[-1]
    if done.returncode or (said and not done.stdout):
        # journalctl shows nothing of others to users who are not in its group, with status 0.
        raise Unknown(f"journalctl: {said or f'exit status {done.returncode}'}; the group systemd-journal may read it")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def _message(entry: dict[str, Any]) -> str:
    """The text of an entry; one that is not UTF-8 is a list of bytes."""
    message = entry.get("MESSAGE") or ""
    if isinstance(message, list):
        return bytes(byte for byte in message if isinstance(byte, int) and 0 <= byte < 256).decode("utf-8", "replace")
    return str(message)


def _shown(entry: dict[str, Any]) -> str:
    name = entry.get("SYSLOG_IDENTIFIER") or entry.get("_COMM") or ""
    return f"{name}: {_message(entry)}" if name else _message(entry)
