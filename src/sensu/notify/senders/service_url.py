"""The parts of a service's URL, in the form that Apprise gives them."""

from dataclasses import dataclass
from urllib.parse import unquote


@dataclass(frozen=True, slots=True)
class ServiceUrl:
    """A URL `scheme://user:password@host/target/#target?name=value`, decoded; `address` is host and port."""

    scheme: str
    user: str
    password: str
    address: str
    targets: tuple[str, ...]
    query: dict[str, str]

    def asks_only(self, *names: str) -> bool:
        """Whether the URL has no other parameters than these."""
        return set(self.query) <= set(names)


def parsed(url: str) -> ServiceUrl:
    """The parts of a URL."""
    scheme, _, rest = url.partition("://")
    where, _, query = rest.partition("?")
    head, _, path = where.partition("/")
    credentials, _, address = head.rpartition("@")
    user, _, password = credentials.partition(":")
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    return ServiceUrl(
        scheme.lower(),
        unquote(user),
        unquote(password),
        unquote(address),
        tuple(unquote(part) for part in path.split("/") if part),
        {name.lower(): unquote(value.replace("+", " ")) for name, _, value in pairs},
    )
