"""What a user's preferences may be: a small JSON object that the web UI writes and reads."""

from typing import Any

BYTES_MAX = 8_192
KEYS_MAX = 64
DEPTH_MAX = 3
TEXT_CHARACTERS_MAX = 1_024


def preferences_problem(preferences: Any, size: int) -> str | None:
    """Why preferences of this size in bytes are refused, or None."""
    if not isinstance(preferences, dict):
        return "preferences must be a JSON object"
    if size > BYTES_MAX:
        return f"preferences have at most {BYTES_MAX} bytes"
    return _problem_of("preferences", preferences, DEPTH_MAX)


def _problem_of(where: str, value: Any, depth: int) -> str | None:
    if isinstance(value, str):
        return None if len(value) <= TEXT_CHARACTERS_MAX else f"{where} has at most {TEXT_CHARACTERS_MAX} characters"
    if not isinstance(value, dict | list):
        return None
    if not depth:
        return f"{where}: objects and lists are nested at most {DEPTH_MAX} deep"
    if len(value) > KEYS_MAX:
        return f"{where} has at most {KEYS_MAX} entries"
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    found = (_problem_of(f"{where}.{name}", part, depth - 1) for name, part in parts)
    return next((why for why in found if why is not None), None)
