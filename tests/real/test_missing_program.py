"""What becomes of a test whose server is missing."""

import pytest

from tests.real.missing_program import MissingProgram, failed_if_required


def left_out() -> pytest.TestReport:
    """The report of a test that was left out."""
    return pytest.TestReport("test", ("file", 1, "test"), {}, "skipped", ("file", 1, "Skipped: why"), "setup")


def test_a_missing_program_fails_where_it_is_required_and_nowhere_else() -> None:
    """A test that needs what no host of CI has, such as Vault itself, is left out there too."""
    missing = MissingProgram("slapd is missing")
    failed = failed_if_required(left_out(), missing, "required")
    assert (failed.outcome, failed.longrepr) == ("failed", "slapd is missing (TEST_REAL_SERVERS is required)")
    assert failed_if_required(left_out(), missing, "").skipped
    assert failed_if_required(left_out(), pytest.skip.Exception("no Vault"), "required").skipped
