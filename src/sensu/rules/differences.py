"""What a change of a resource changed, in a line."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

FIELDS_MAX = 3
VALUE_CHARACTERS_MAX = 60
NOTHING = object()
"""The value of a field on the side that does not have it."""


def changed_fields(before: Any, after: Any) -> str:
    """The fields that differ, with their values: `timeout 10 → 2, metadata.labels.region eu → us, and 2 more`."""
    found = list(differences("", before, after))
    shown = [f"{path} {_value(old)} → {_value(new)}" for path, old, new in found[:FIELDS_MAX]]
    if len(found) > FIELDS_MAX:
        shown.append(f"and {len(found) - FIELDS_MAX} more")
    return ", ".join(shown)


def differences(path: str, before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
    """The fields that differ, with both values; a list counts as one field."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys([*before, *after]):
            inner = f"{path}.{key}" if path else str(key)
            yield from differences(inner, before.get(key, NOTHING), after.get(key, NOTHING))
    elif before != after:
        yield path, before, after


def _value(value: Any) -> str:
    if value is NOTHING or value is None:
        return "none"
    text = value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= VALUE_CHARACTERS_MAX else f"{text[: VALUE_CHARACTERS_MAX - 1]}…"
