"""API keys as they are shown: by an id and their last characters, because their names are the keys."""

from hashlib import sha256

import msgspec

from sensu.resources.api_key import APIKey

LAST_CHARACTERS = 4
KEY_CHARACTERS_SECRET = 16
"""Of a shorter key no characters are shown, because too few would be left to guess."""
_ID_CHARACTERS = 32


class KeyView(msgspec.Struct, frozen=True):
    """An API key without the key; times in Unix seconds, `last_used_at` is 0 for a key that was never used.

    `id` identifies the key and cannot be used as one. `last_characters` are the last four, empty for short keys.
    """

    id: str
    last_characters: str
    username: str
    created_by: str
    created_at: int
    last_used_at: float


class KeyViews(msgspec.Struct, frozen=True):
    """API keys, the newest first; `partial` if there are more."""

    keys: tuple[KeyView, ...]
    partial: bool


class NewKey(msgspec.Struct, frozen=True):
    """A new API key: the only answer that contains the `key`."""

    id: str
    key: str
    username: str


def key_id(key: str) -> str:
    """The id of a key, from which the key cannot be found."""
    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:_ID_CHARACTERS]


def key_view(key: APIKey, last_used_at: float) -> KeyView:
    """A key as it is shown."""
    secret = key.metadata.name
    return KeyView(
        id=key_id(secret),
        last_characters=secret[-LAST_CHARACTERS:] if len(secret) >= KEY_CHARACTERS_SECRET else "",
        username=key.username,
        created_by=key.metadata.created_by,
        created_at=key.created_at,
        last_used_at=last_used_at,
    )
