"""Values of files as the types that they should have; anything else counts as absent."""

from collections.abc import Mapping
from typing import Any

INTERVAL_MAX_S = 365 * 86_400
LIMIT_MAX_S = 86_400.0


def dicts(value: Any) -> list[Mapping[str, Any]]:
    """The objects in a list."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def mapping(value: Any) -> Mapping[str, Any]:
    """An object."""
    return value if isinstance(value, Mapping) else {}


def texts(value: Any) -> dict[str, str]:
    """The values of an object as texts."""
    return {str(name): str(text) for name, text in mapping(value).items()}


def items(value: Any) -> list[Any]:
    """A list."""
    return value if isinstance(value, list) else []


def number(value: Any) -> float:
    """A number that is not negative, also from a text."""
    try:
        found = float(value or 0)
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return found if 0 <= found < 1e18 else 0.0


def interval_of(seconds: float) -> int:
    """The interval of a check."""
    return max(1, round(min(seconds, INTERVAL_MAX_S)))


def limit_of(seconds: float, default: float) -> float:
    """The time limit of a command, by default if there is none."""
    return min(seconds, LIMIT_MAX_S) if seconds > 0 else default
