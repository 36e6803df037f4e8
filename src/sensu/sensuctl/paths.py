"""The URL paths of resources."""

from collections.abc import Mapping

from sensu.resources.kinds import Kind

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def resource_path(kind: Kind, namespace: str, *names: str) -> str:
    """The URL path of a resource or, without names, of the list; every part percent-encoded."""
    base = kind.path(quoted(namespace))
    return "/".join([base, *(quoted(name) for name in names)])


def quoted(text: str) -> str:
    """A text percent-encoded as one part of a URL's path or query."""
    if text.isascii() and text.replace("-", "").replace("_", "").replace(".", "").isalnum():
        return text
    return "".join(chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in text.encode())


def url_query(values: Mapping[str, str]) -> str:
    """The query of a URL."""
    return "&".join(f"{quoted(key)}={quoted(value)}" for key, value in values.items())
