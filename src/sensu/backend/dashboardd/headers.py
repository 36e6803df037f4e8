"""The headers of answers to browsers: what a page may do, and in which form an answer is sent."""

from collections.abc import Iterable, Sequence

from sensu.backend.api.responses import Header

COMMON: Sequence[Header] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=()"),
)
"""The headers of every answer."""
POLICY = b"content-security-policy"
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}; "
    "require-trusted-types-for 'script'; trusted-types svelte-trusted-html"
)
API_POLICY: Header = (POLICY, b"default-src 'none'; frame-ancestors 'none'")
"""The policy of the API's answers: a browser that shows one loads and runs nothing."""


def page_policy(ancestors: Sequence[str] = ()) -> Header:
    """The policy of the page and its assets: nothing from other hosts, no inline code.

    Only pages of the `ancestors` may show it in a frame.
    """
    return POLICY, _PAGE_POLICY.format(ancestors=" ".join(ancestors) or "'none'").encode("ascii")


def with_defaults(headers: Iterable[Header], *defaults: Header) -> list[Header]:
    """The headers of an answer, with those of every answer and of `defaults` that it does not set itself."""
    own = list(headers)
    names = {name for name, _ in own}
    return own + [header for header in (*COMMON, *defaults) if header[0] not in names]


def accepts(accept_encoding: str, coding: str) -> bool:
    """Whether an Accept-Encoding header takes a content coding."""
    for part in accept_encoding.split(","):
        name, _, parameters = part.partition(";")
        if name.strip().lower() == coding:
            quality = parameters.strip().lower().removeprefix("q=")
            return quality.rstrip("0") not in ("0.", "") if quality.startswith("0") else True
    return False
