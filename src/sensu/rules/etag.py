"""Entity tags of resources, and the conditions of requests on them.

Source: RFC 9110, 8.8.3 and 13.1; recorded scenario checks-patch-headers.
"""

import re
from hashlib import blake2b

_TAG = re.compile(r'(?:W/)?"[^"]*"')
_ANY = "*"


def etag(body: bytes) -> str:
    """The strong entity tag of a resource's JSON: 16 hexadecimal digits in quotes."""
    return f'"{blake2b(body, digest_size=8).hexdigest()}"'


def if_match(header: str | None, current: str | None) -> bool:
    """Whether an If-Match header (None or empty: not sent) matches; `current` is None if the resource does not exist.

    Uses strong comparison: a weak tag matches nothing.
    """
    if not header:
        return True
    if current is None:
        return False
    return header.strip() == _ANY or (not current.startswith("W/") and current in _TAG.findall(header))


def if_none_match(header: str | None, current: str | None) -> bool:
    """Whether an If-None-Match header (None or empty: not sent) permits the request; uses weak comparison."""
    if not header or current is None:
        return True
    if _ANY in (part.strip() for part in header.split(",")):
        return False
    return current.removeprefix("W/") not in (tag.removeprefix("W/") for tag in _TAG.findall(header))
