"""What is known of the failures of a secrets provider."""

from sensu.rules.secret_failures import (
    CRITICAL,
    FAILURE_KEPT_S,
    FAILURES_MAX,
    OK,
    SHOWN_MAX,
    WARNING,
    Failures,
    SecretFailure,
    after,
    event_of,
    status_of,
)
from sensu.testing.factories import make_entity

MISSING, DOWN = SecretFailure("a does not exist", True, 0.0), SecretFailure("no answer", False, 0.0)


def test_a_value_ends_its_failure_and_those_of_the_provider() -> None:
    """If one value can be read, the provider works; values that it does not have are missing still."""
    failures: Failures = {"default/a": MISSING, "default/b": DOWN, "default/c": DOWN}
    assert status_of(failures) == CRITICAL
    left = after(failures, "default/c", None, 1.0)
    assert (left, status_of(left)) == ({"default/a": MISSING}, WARNING)
    assert status_of(after(left, "default/a", None, 2.0)) == OK


def test_failures_are_forgotten_if_nobody_asks_again() -> None:
    """A secret that was deleted does not fail forever."""
    assert after({"default/a": MISSING}, "default/b", None, FAILURE_KEPT_S) == {}


def test_failures_are_bounded() -> None:
    """The oldest failure is forgotten beyond the bound, and an event shows a few of them."""
    failures: Failures = {}
    for number in range(FAILURES_MAX + 5):
        failures = after(failures, str(number), SecretFailure(f"{number} does not exist", True, 0.0), 0.0)
    assert (len(failures), min(map(int, failures))) == (FAILURES_MAX, 5)
    event = event_of("vault", failures, make_entity("backend"), "id", 5.0)
    assert event.check is not None
    lines = event.check.output.splitlines()
    assert (len(lines), lines[-1]) == (SHOWN_MAX + 2, f"and {FAILURES_MAX - SHOWN_MAX} more")
