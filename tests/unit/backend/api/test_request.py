"""Requests: bodies with a bound, media types, pages."""

from typing import Any

import pytest

from sensu.backend.api.auth import username_and_password
from sensu.backend.api.request import NOBODY, BodyTooLarge, ClientGone, Request, plain_address
from sensu.errors import InvalidResource

LIMIT = 10


def request(*parts: bytes, query: bytes = b"", gone: bool = False, **headers: str) -> Request:
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": part, "more_body": gone or number < len(parts) - 1}
        for number, part in enumerate(parts or (b"",))
    ]
    messages.append({"type": "http.disconnect"})

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    scope = {
        "method": "GET",
        "query_string": query,
        "scheme": "https",
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
    }
    return Request(scope, receive, (), NOBODY, LIMIT)


async def test_a_body_comes_whole_however_it_was_cut() -> None:
    """Parts of a body are put together in order."""
    assert await request(b"abc", b"", b"def").body() == b"abcdef"


@pytest.mark.parametrize("sent", [{"parts": (b"x" * 11,)}, {"parts": (b"x" * 6, b"x" * 5)}])
async def test_a_body_above_the_limit_is_refused(sent) -> None:
    """The limit holds for bodies that come without a length too."""
    with pytest.raises(BodyTooLarge):
        await request(*sent["parts"]).body()


async def test_a_declared_length_is_enough_to_refuse() -> None:
    """Nothing is read of a body that says it is too large."""
    with pytest.raises(BodyTooLarge):
        await request(b"", content_length="11").body()
    assert await request(b"x" * 10, content_length="10").body() == b"x" * 10


async def test_a_client_that_leaves_is_noticed() -> None:
    """A request that never ends because its sender is gone is no request."""
    with pytest.raises(ClientGone):
        await request(b"abc", gone=True).body()


@pytest.mark.parametrize("media_type", ["application/json", "text/plain", "application/json; charset=utf-8", "x/y+z"])
async def test_json_is_read_under_any_type_but_a_forms(media_type: str) -> None:
    """Clients need not call JSON by its name."""
    assert await request(b"{}", content_type=media_type).json_body() == b"{}"


@pytest.mark.parametrize("media_type", ["application/x-www-form-urlencoded", ";;;", "a b", ""])
async def test_a_form_or_no_type_at_all_is_no_json(media_type: str) -> None:
    """What curl sends without being told better is refused with a reason that names the header."""
    with pytest.raises(InvalidResource, match="Content-Type"):
        await request(b"{}", content_type=media_type).json_body()
    with pytest.raises(InvalidResource, match="Content-Type"):
        await request(b"{}").json_body()


async def test_a_merge_patch_must_be_called_one() -> None:
    """Neither JSON nor a merge patch with parameters is taken for a merge patch."""
    assert await request(b"{}", content_type="application/merge-patch+json").merge_patch_body() == b"{}"
    for media_type in (
        "application/json",
        "application/merge-patch+json; charset=utf-8",
        "application/json-patch+json",
    ):
        with pytest.raises(InvalidResource, match="Allowed values: application/merge-patch\\+json"):
            await request(b"{}", content_type=media_type).merge_patch_body()


@pytest.mark.parametrize(
    ("query", "limit", "after"),
    [
        (b"", 0, ""),
        (b"limit=2&continue=YQA", 2, "YQA"),
        (b"limit=many", 0, ""),
        (b"limit=-1", 0, ""),
        (b"limit=1&limit=2", 1, ""),
        (b"limit=&continue=&continue=x", 0, ""),
    ],
)
def test_a_page_is_asked_for_in_the_query(query: bytes, limit: int, after: str) -> None:
    """The first of equal parameters counts, and a limit that is none means all."""
    page = request(query=query).page
    assert (page.limit, page.after) == (limit, after)


@pytest.mark.parametrize(
    ("address", "issuer"),
    [
        ("::ffff:192.0.2.7", "https://192.0.2.7:8080"),
        ("192.0.2.7", "https://192.0.2.7:8080"),
        ("2001:db8::1", "https://[2001:db8::1]:8080"),
    ],
)
def test_a_client_cannot_choose_who_issues_its_token(address: str, issuer: str) -> None:
    """The issuer is where the API was reached, whatever the Host header says."""
    one = request(host="evil.example")
    one.scope = {**one.scope, "server": (address, 8080)}
    assert one.issuer == issuer


def test_addresses_are_shown_as_people_write_them() -> None:
    """An IPv4 client of a socket for both families is shown with its IPv4 address."""
    assert [plain_address(one) for one in ("::ffff:127.0.0.1", "10.0.0.1", "::1")] == ["127.0.0.1", "10.0.0.1", "::1"]


@pytest.mark.parametrize(
    ("header", "credentials"),
    [
        ("Basic YWRtaW46YTpi", ("admin", "a:b")),
        ("Basic YWRtaW4=", ("", "")),
        ("Basic !!!", ("", "")),
        ("Basic /w==", ("", "")),
    ],
)
def test_basic_credentials_are_a_name_and_a_password(header: str, credentials: tuple[str, str]) -> None:
    """A password may hold colons; what cannot be read is nobody's."""
    assert username_and_password(header) == credentials
