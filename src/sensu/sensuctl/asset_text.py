"""Short forms of an asset's URL and checksum for tables."""

import re
import urllib.parse

DIGEST_LENGTH, DIGEST_SHOWN = 128, 7


def short_url(url: str) -> str:
    """`//host/.../file`."""
    parts = urllib.parse.urlsplit(url)
    host = re.sub(r":\d*$", "", parts.netloc.rpartition("@")[2])
    return f"//{host}/.../{parts.path.rpartition('/')[2]}"


def short_digest(digest: str) -> str:
    """The first characters of a digest."""
    return digest[:DIGEST_SHOWN] if len(digest) >= DIGEST_LENGTH else "invalid"
