"""The parts of addresses that come from elsewhere."""

from urllib.parse import SplitResult, urlsplit


def url_parts(url: str) -> SplitResult | None:
    """The parts of a URL; None if it is not valid."""
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError:
        return None
    return parts


def web_address(url: str) -> SplitResult | None:
    """The parts of an http or https URL with a host; None for anything else."""
    parts = url_parts(url)
    return parts if parts and parts.scheme in ("http", "https") and parts.hostname else None


def joined_address(host: str, port: str) -> str:
    """`HOST:PORT`, with an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
