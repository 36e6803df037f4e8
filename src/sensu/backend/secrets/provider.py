"""What providers of secret values have in common."""

from abc import ABC, abstractmethod
from typing import Any, NamedTuple, NoReturn

AT_ONCE = 16
"""The maximum number of requests to a server at a time; further ones wait."""
KEPT_MAX_S = 300.0
"""Maximum age of a remembered value, whatever its provider allows."""


class SecretText:
    """A secret value on its way to a command.

    Whatever shows, formats or logs it gets `***`, and it cannot be pickled; only `reveal` returns it.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The value, for the environment of a command."""
        return self._text

    def __len__(self) -> int:
        """Its size in bytes."""
        return len(self._text.encode("utf-8", "surrogatepass"))

    def __repr__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretText) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("a secret value cannot be copied or pickled")


class SecretValue(NamedTuple):
    """A value, and for how many seconds it may be cached."""

    text: SecretText
    keep_s: float = 0.0


class NoSecret(NamedTuple):
    """A secret has no value now; `why` names it and never contains a value.

    `is_missing` says that the provider has answered, and has no such value; `is_unknown` that there is no such Secret.
    """

    why: str
    is_missing: bool = False
    is_unknown: bool = False


SecretVariable = tuple[str, SecretText]
"""The name of an environment variable, and its value."""


def as_value(text: str, keep_s: float = 0.0) -> SecretValue | NoSecret:
    """A value that a command can get in its environment."""
    if "\0" in text:
        return NoSecret("the value contains a NUL character, which no environment variable can hold", is_missing=True)
    return SecretValue(SecretText(text), keep_s)


class SecretProvider(ABC):
    """A source of secret values; an edited provider is a new object, so that nothing cached for the old one is used.

    Only `value` must be defined.
    """

    is_local: bool = False
    """Whether values are read on this host, at each use; they are not cached then."""
    timeout_s: float = 10.0
    """The time limit for fetching a value."""

    def start(self) -> None:  # noqa: B027 - most providers do nothing between requests
        """Begin what the provider does by itself, such as renewing its token; repeated calls do nothing."""

    def close(self) -> None:  # noqa: B027 - see start
        """End it."""

    @abstractmethod
    async def value(self, secret_id: str) -> SecretValue | NoSecret:
        """The value of the id; may raise anything when the provider fails."""
