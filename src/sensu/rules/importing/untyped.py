"""Values of files as the types that they should have; anything else counts as absent."""

from collections.abc import Mapping
from typing import Any


def dicts(value: Any) -> list[Mapping[str, Any]]:
    """The objects in a list."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def mapping(value: Any) -> Mapping[str, Any]:
    """An object."""
    return value if isinstance(value, Mapping) else {}


def texts(value: Any) -> dict[str, str]:
    """The values of an object as texts."""
    return {str(name): str(text) for name, text in mapping(value).items()}
