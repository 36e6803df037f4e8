"""Prints what `doctor` found, in the same way for all programs."""

import json
from collections.abc import Iterable, Sequence
from typing import TextIO

from sensu.errors import ConfigurationError
from sensu.rules.diagnosis import GOOD, LEVELS, PROBLEM, WARNING, Diagnosis
from sensu.terminal_text import clean

SIGNS = {GOOD: "✓", WARNING: "!", PROBLEM: "✗"}
PLAIN_SIGNS = {GOOD: "ok", WARNING: "!", PROBLEM: "x"}
FORMATS = ("text", "json")


def write_finding(finding: Diagnosis, stdout: TextIO) -> None:
    """Write a line, and the remedy below it."""
    encoding = (getattr(stdout, "encoding", "") or "").lower()
    sign = (SIGNS if encoding.startswith("utf") else PLAIN_SIGNS)[finding.level]
    stdout.write(clean(f"{sign} {finding.subject}: {finding.found}") + "\n")
    if finding.remedy:
        stdout.write(clean(f"    {finding.remedy}") + "\n")
    stdout.flush()


def exit_status(findings: Iterable[Diagnosis]) -> int:
    """0 if all is good, 1 for warnings, 2 for problems."""
    return max((LEVELS.index(finding.level) for finding in findings), default=0)


def report(findings: Iterable[Diagnosis], form: str, stdout: TextIO) -> int:
    """Write findings as they come, or all as JSON, and return the exit status; raises ConfigurationError."""
    if form not in FORMATS:
        raise ConfigurationError(f'invalid value "{form}" for --format: must be {" or ".join(FORMATS)}')
    seen: list[Diagnosis] = []
    for finding in findings:
        seen.append(finding)
        if form != "json":
            write_finding(finding, stdout)
    if form == "json":
        stdout.write(_json(seen))
    return exit_status(seen)


def _json(findings: Sequence[Diagnosis]) -> str:
    return json.dumps([finding._asdict() for finding in findings], indent=2) + "\n"
