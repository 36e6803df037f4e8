"""What the types of secrets providers have in common.

Source: docs, "Secrets API" (`types`, `provider.name`).
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from sensu.errors import InvalidResource
from sensu.resources.secret_providers import ENV, ServerTLS
from sensu.rules.go_duration import format_ns, parse_ns, parse_s
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules
from sensu.rules.names import name_problem
from sensu.rules.selectors.selectable import NAME, Selectable, SelectableField
from sensu.rules.web_urls import is_plain_url

OF_A_TYPE = Selectable("provider", NAME)
TIMEOUT = "1m0s"
"""The time limit of a request that is left out."""
TIMEOUT_MAX_S = 300.0


def name_problems(name: str) -> Iterator[FieldProblem]:
    """The rules that the name of a provider of any type but `Env` breaks."""
    why = name_problem(name)
    if why is not None:
        yield FieldProblem("metadata.name", f"provider name {why}")
    elif name == ENV:
        yield FieldProblem("metadata.name", f'"{ENV}" is the name of the provider of type Env; choose another one')


def url_problems(path: str, url: str) -> Iterator[FieldProblem]:
    """The rule that the URL of a server breaks."""
    if not is_plain_url(url):
        yield FieldProblem(path, f"{path} must be an https or http URL, for example https://secrets.example.org")


def required(path: str, value: str) -> Iterator[FieldProblem]:
    """The rule that an empty field breaks."""
    if not value:
        yield FieldProblem(path, f"{path} must be set")


def duration_problems(path: str, text: str, most_s: float = TIMEOUT_MAX_S) -> Iterator[FieldProblem]:
    """The rule that a duration breaks."""
    try:
        is_right = 0 < parse_s(text) <= most_s
    except InvalidResource:
        is_right = False
    if not is_right:
        longest = format_ns(round(most_s * 1e9))
        yield FieldProblem(path, f"{path} must be a duration of more than 0 and at most {longest}, such as 20s")


def as_go_writes(duration: str) -> str:
    """A duration as the reference shows it, `1m0s` for `60s`; one that cannot be read as it is."""
    try:
        return format_ns(parse_ns(duration))
    except InvalidResource:
        return duration


def tls_problems(tls: ServerTLS | None) -> Iterator[FieldProblem]:
    """The rules that the TLS settings of a server break."""
    if tls is None or tls == ServerTLS():
        return
    if bool(tls.client_cert) != bool(tls.client_key):
        missing = "client_key" if tls.client_cert else "client_cert"
        message = f"client.tls.{missing} must be set: a client certificate needs both files"
        yield FieldProblem(f"client.tls.{missing}", message)
    for name in ("ca_cert", "client_cert", "client_key"):
        file: str = getattr(tls, name)
        if file and not file.startswith("/"):
            path = f"client.tls.{name}"
            yield FieldProblem(path, f"{path} must be an absolute path on the backend's host")


def plain_text_notice(url: str) -> str:
    """A warning about a connection without TLS."""
    if urlsplit(url).scheme == "http":
        return "the connection to the server is not encrypted: its URL begins with http"
    return ""


RULES = KindRules(selectable=Selectable("provider", {**NAME, "type": SelectableField(("type",))}))
