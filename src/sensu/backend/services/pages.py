"""Pages of lists, and the tokens that continue them.

Source: docs, "API overview" (limit, continue); recorded scenarios checks-pagination, all-namespaces-pages.
"""

import base64
import binascii
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from sensu.store.values import EventKey


@dataclass(frozen=True, slots=True)
class PageRequest:
    """At most `limit` resources (0: all) after the token `after`, of those that match all selectors.

    `counted` requests their total, even if counting takes as long as reading the list.
    """

    limit: int = 0
    after: str = ""
    label_selectors: tuple[str, ...] = ()
    field_selectors: tuple[str, ...] = ()
    counted: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether the whole list is requested."""
        return not (self.limit or self.after or self.label_selectors or self.field_selectors)


def token_of(text: str) -> str:
    """The token that continues a list after the key `text`."""
    return base64.urlsafe_b64encode(f"{text}\0".encode()).decode().rstrip("=")


def text_of(token: str) -> str:
    """The key of a token; empty if it is not a token, so that the list starts at the beginning."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        return raw.decode().removesuffix("\0")
    except (binascii.Error, ValueError):
        return ""


def resource_token(namespace: str | None, last_namespace: str, last_name: str) -> str:
    """The token after a resource, in a list of `namespace` or of all namespaces (None)."""
    return token_of(f"{last_namespace}/{last_name}" if namespace is None and last_namespace else last_name)


def resource_position(namespace: str | None, token: str) -> tuple[str, str] | None:
    """The namespace (empty for cluster-wide kinds) and name after which a list continues, None for its beginning."""
    text = text_of(token)
    if not text:
        return None
    if namespace is not None:
        return (namespace, text)
    first, slash, rest = text.partition("/")
    return (first, rest) if slash else ("", first)


def event_token(namespace: str | None, entity: str | None, last: EventKey) -> str:
    """The token after an event, in a list of an entity, of a namespace, or of all namespaces."""
    if entity is not None:
        return token_of(last.check)
    if namespace is not None:
        return token_of(f"{last.entity}/{last.check}")
    return token_of(f"/{last.namespace}/{last.entity}/{last.check}")


def event_position(namespace: str | None, entity: str | None, token: str) -> EventKey | None:
    """The event after which a list continues, None for its beginning."""
    text = text_of(token)
    if not text:
        return None
    if entity is not None:
        return EventKey(namespace or "", entity, text)
    if namespace is not None:
        first, _, rest = text.partition("/")
        return EventKey(namespace, first, rest)
    first, _, rest = text.removeprefix("/").partition("/")
    second, _, third = rest.partition("/")
    return EventKey(first, second, third)


async def one_chunk(items: Sequence[bytes]) -> AsyncIterator[Sequence[bytes]]:
    """Resources that have been read, as the chunks of a list."""
    yield items
