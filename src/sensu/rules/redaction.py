"""Redacts the secrets of entities.

Source: docs, "Redact sensitive information"; recorded pipeline scenario state-redact.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from sensu.resources.entity import DEFAULT_REDACT, Entity

REDACTED = "REDACTED"

_WORD = re.compile(r"[a-z0-9]*")
_NO_LETTER = re.compile(r"[^a-z]+")
_KEY_LENGTH_REMEMBERED_MAX = 256


def redacted(entity: Entity) -> Entity:
    """The entity with the values of secret labels and annotations replaced; the same object if it has none."""
    metadata = entity.metadata
    if not metadata.labels and not metadata.annotations:
        return entity
    secret = _secret_keys(entity.redact)
    labels = _redacted_values(metadata.labels, secret)
    annotations = _redacted_values(metadata.annotations, secret)
    if labels is metadata.labels and annotations is metadata.annotations:
        return entity
    return msgspec.structs.replace(
        entity, metadata=msgspec.structs.replace(metadata, labels=labels, annotations=annotations)
    )


def _redacted_values(values: dict[str, str], secret: frozenset[str]) -> dict[str, str]:
    hidden = [key for key in values if _compared(key) in secret]
    return {**values, **dict.fromkeys(hidden, REDACTED)} if hidden else values


def shows_redacted(entity: Entity) -> bool:
    """Whether any label or annotation has the placeholder of a redacted value."""
    metadata = entity.metadata
    return REDACTED in metadata.labels.values() or REDACTED in metadata.annotations.values()


def with_secrets_of(before: Entity, entity: Entity) -> Entity:
    """The entity with redacted values replaced by those of `before`."""
    metadata, known = entity.metadata, before.metadata
    labels = _unredacted(metadata.labels, known.labels)
    annotations = _unredacted(metadata.annotations, known.annotations)
    return msgspec.structs.replace(
        entity, metadata=msgspec.structs.replace(metadata, labels=labels, annotations=annotations)
    )


def _unredacted(values: dict[str, str], known: dict[str, str]) -> dict[str, str]:
    return {key: known.get(key, value) if value == REDACTED else value for key, value in values.items()}


def _secret_keys(redact: tuple[str, ...]) -> frozenset[str]:
    """The normal forms of a list of keys (empty: the default list)."""
    if not redact or redact == DEFAULT_REDACT:
        return _DEFAULT_KEYS
    return frozenset(_compared(key) for key in redact)


def _compared(key: str) -> str:
    return _remembered_normal_form(key) if len(key) <= _KEY_LENGTH_REMEMBERED_MAX else normal_form(key)


def normal_form(key: str) -> str:
    """The form in which keys are compared: `API_Key` and `api-key` become `apikey`; digits matter in words only."""
    lower = key.lower()
    return lower if _WORD.fullmatch(lower) else _NO_LETTER.sub("", lower)


_remembered_normal_form = lru_cache(4096)(normal_form)
_DEFAULT_KEYS = frozenset(_compared(key) for key in DEFAULT_REDACT)


def names_secret(key: str, redact: tuple[str, ...] = ()) -> bool:
    """Whether a label of this name is redacted by a list (empty: the default list)."""
    return _compared(key) in _secret_keys(redact)


def without_secrets(values: Mapping[str, Any], redact: tuple[str, ...]) -> dict[str, Any]:
    """Labels or annotations with the values of those that a list names (empty: the default list) replaced."""
    secret = _secret_keys(redact)
    return {key: REDACTED if _compared(key) in secret else value for key, value in values.items()}
