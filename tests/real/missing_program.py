"""Tests that need a program of another project: left out where it is missing, failed where it must be installed."""

import pytest

VARIABLE = "TEST_REAL_SERVERS"
"""Set to `required` where the programs are installed, as `.ci/run` does: a missing one then fails the tests."""


class MissingProgram(pytest.skip.Exception):
    """A program that `.ci/run` installs is missing; the message says what to install."""


def failed_if_required(report: pytest.TestReport, error: BaseException | None, setting: str) -> pytest.TestReport:
    """The report of a test, as a failure if it was left out because of a missing program that is required."""
    if setting == "required" and report.skipped and isinstance(error, MissingProgram):
        report.outcome = "failed"
        report.longrepr = f"{error} ({VARIABLE} is {setting})"
    return report
