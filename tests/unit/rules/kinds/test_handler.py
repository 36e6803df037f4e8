"""The rules of the fields of ours on handlers; those of the reference are recorded scenarios."""

import pytest

from sensu.resources.handler import Handler
from sensu.resources.wire import encode
from sensu.rules.kinds.handler import RULES
from sensu.testing.factories import make_metadata


def pipe(**fields: object) -> Handler:
    return Handler(metadata=make_metadata("page"), type="pipe", command="true", **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "fields",
    [
        {"retry_attempts": 0},
        {"retry_attempts": 100, "retry_delay": 86_400, "retry_delay_max": 86_400},
        {"retry_delay": 3600},
        {"retry_delay_max": 1},
        {"fallback_handler": "mail"},
    ],
)
def test_sound_fields(fields: dict[str, object]) -> None:
    """Bounds belong to what is allowed, and each field can stand alone."""
    assert RULES.problem(pipe(**fields)) is None


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"retry_attempts": 101}, "retry_attempts must not be greater than 100"),
        ({"retry_delay": 86_401}, "retry_delay must not be greater than 86400 seconds"),
        ({"retry_delay_max": 86_401}, "retry_delay_max must not be greater than 86400 seconds"),
        ({"retry_delay": 10, "retry_delay_max": 9}, "retry_delay_max must not be less than retry_delay"),
        ({"fallback_handler": "page"}, "fallback_handler must be another handler"),
        ({"fallback_handler": "no name"}, "fallback_handler cannot contain spaces or special characters"),
        ({"type": "set", "fallback_handler": "mail"}, "a handler set has no fallback_handler"),
    ],
)
def test_broken_fields(fields: dict[str, object], why: str) -> None:
    """What breaks a rule is refused with the rule."""
    found = RULES.problem(Handler(**{"metadata": make_metadata("page"), "type": "pipe", "command": "true", **fields}))  # type: ignore[arg-type]
    assert found is not None
    assert found.startswith(why)


def test_fields_that_are_not_set_are_not_shown() -> None:
    """A handler that uses none of our fields looks as on any other backend; no attempts is something that is set."""
    assert b"retry" not in encode(pipe())
    assert b"fallback" not in encode(pipe())
    assert b'"retry_attempts":0' in encode(pipe(retry_attempts=0))
