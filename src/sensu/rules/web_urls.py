"""Whether texts are URLs of servers on the web."""

import ipaddress
import re
from urllib.parse import urlsplit

_NOT_PLAIN = re.compile(r"[\s\x00-\x20\\?#@]")


def is_web_url(url: str) -> bool:
    """Whether a text is an http or https URL with a host."""
    try:
        parts = urlsplit(url)
        port_is_right = parts.port is None or parts.port > 0
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and port_is_right


def is_plain_url(url: str) -> bool:
    """Whether a web URL can be extended with a path: it has neither user, query nor fragment."""
    return is_web_url(url) and _NOT_PLAIN.search(url) is None


def is_loopback(host: str) -> bool:
    """Whether a host is this computer."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
