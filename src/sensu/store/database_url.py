"""Reads the URL of a database."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from sensu.errors import ConfigurationError

SCHEMES = ("postgresql", "postgres")
STATEMENT_CACHE = "statement_cache"


@dataclass(frozen=True)
class DatabaseUrl:
    """A database by its URL; `shown` is the URL without a password and parameters, for messages."""

    url: str
    shown: str
    statement_cache: bool = True


def target_of(url: str, where: str = "--store") -> DatabaseUrl:
    """Read the URL of a database; raises a ConfigurationError that names `where` it is from."""
    try:
        parts = urlsplit(url)
    except ValueError as err:
        raise ConfigurationError(f"invalid value for {where}: {err}") from err
    if parts.scheme not in SCHEMES:
        raise ConfigurationError(f"invalid value for {where}: must be a URL that begins with postgresql://")
    parameters = parse_qsl(parts.query, keep_blank_values=True)
    cache = dict(parameters).get(STATEMENT_CACHE, "1")
    if cache not in ("0", "1"):
        raise ConfigurationError(f'invalid value "{cache}" for {STATEMENT_CACHE} in {where}: must be 0 or 1')
    query = urlencode([one for one in parameters if one[0] != STATEMENT_CACHE])
    user, at, hosts = parts.netloc.rpartition("@")
    shown = f"{parts.scheme}://{user.partition(':')[0]}{at}{hosts}{parts.path}"
    whole = f"{parts.scheme}://{parts.netloc}{parts.path}" + (f"?{query}" if query else "")
    return DatabaseUrl(whole, unquote(shown), cache == "1")


def has_password(url: str) -> bool:
    """Whether a URL contains a password."""
    parts = urlsplit(url)
    return ":" in parts.netloc.rpartition("@")[0] or "password" in dict(parse_qsl(parts.query))
