"""The protocol of providers of secret values."""

from typing import NamedTuple, Protocol


class SecretValue(NamedTuple):
    """A value, and for how many seconds it may be cached."""

    text: str
    keep_s: float = 0.0

    def __repr__(self) -> str:
        return "SecretValue(***)"


class NoSecret(NamedTuple):
    """A secret has no value now; `why` names it and never contains a value."""

    why: str


class SecretProvider(Protocol):
    """A source of secret values; an edited provider is a new object, so that nothing cached for the old one is used."""

    @property
    def is_local(self) -> bool:
        """Whether values are read from memory, at each use; they are not cached then."""
        ...

    async def value(self, secret_id: str) -> SecretValue | NoSecret:
        """The value of the id; may raise anything when the provider fails."""
        ...
