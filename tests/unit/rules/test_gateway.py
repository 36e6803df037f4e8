"""What is passed on to another cluster, and what is said if that is impossible."""

import pytest

from sensu.rules.gateway import order_of, refusal_of, returned_headers, sent_headers, token_refused


@pytest.mark.parametrize("path", ["/api/core/v2/namespaces", "/api/a%20b", "/graphql", "/health", "/version"])
def test_requests_of_the_api_are_passed_on(path: str) -> None:
    """The rest of the product is of no use to the callers of another cluster."""
    assert refusal_of(path) == ""


@pytest.mark.parametrize(
    "path",
    ["/auth", "/metrics", "/docs", "/api", "/api/", "/api/./a", "/api/%2E%2e/a", "/api//a", "/api/a\\b", "/api/a%0db"]
    + ["/api/a b", "/api/%zz", "/graphql/x", "/api/sensu/v1/clusters", "/api/sensu/v1/clusters/a/api/b"]
    + ["/api/sensu/v1/all-clusters/api/b"],
)
def test_other_requests_are_not(path: str) -> None:
    """No path leaves the API of the cluster or leads to a further one."""
    assert refusal_of(path) != ""


def test_the_url_that_answered_is_asked_first_and_plain_ones_elsewhere_never() -> None:
    """A token leaves this host over TLS only, and each URL is tried once."""
    urls = ("http://a.example.com:8080", "https://b:8080/", "https://c:8080", "https://b:8080", "http://127.0.0.1:8080")
    assert order_of(urls, "") == ("https://b:8080", "https://c:8080", "http://127.0.0.1:8080")
    assert order_of(urls, "https://c:8080")[0] == "https://c:8080"


def test_headers_that_could_act_for_or_on_the_caller_stay_behind() -> None:
    """Neither credentials nor cookies are passed on, in either direction."""
    sent = [(b"Authorization", b"x"), (b"cookie", b"y"), (b"If-Match", b"z"), (b"host", b"h"), (b"Origin", b"o")]
    assert sent_headers(sent) == {"if-match": "z"}
    answered = {"set-cookie": "a", "location": "b", "etag": "c", "sensu-continue": "d", "content-type": "text/html"}
    kept = {"etag": "c", "sensu-continue": "d", "content-type": "application/octet-stream"}
    assert returned_headers(answered) == kept
    json = {"content-type": "application/json; charset=utf-8"}
    assert returned_headers(json) == json


def test_clocks_that_differ_are_named_as_the_reason() -> None:
    """A token of five minutes has expired for a cluster whose clock is ahead; the keys are right then."""
    assert "its clock is 600 s ahead of the clock here" in token_refused("alpha", 600.4)
    assert "its clock is 90 s behind" in token_refused("alpha", -90)
    assert "the same jwt-private-key-file" in token_refused("alpha", 3)
