"""Paths and the endpoints they lead to."""

import pytest

from sensu.backend.api.request import Request
from sensu.backend.api.responses import OK_EMPTY, Response
from sensu.backend.api.router import KNOWN_PATH_LENGTH_MAX, KNOWN_PATHS_MAX, Route, Router, cleaned, is_broken


async def answer(request: Request) -> Response:
    return OK_EMPTY


ROUTES = [
    Route("GET", "/api/namespaces/{namespace}/silenced/{name}", answer),
    Route("GET", "/api/namespaces/{namespace}/silenced/checks/{check}", answer),
    Route("PUT", "/api/namespaces/{namespace}/silenced/{name}", answer),
    Route("GET", "/health", answer),
]


@pytest.fixture
def router() -> Router:
    return Router(ROUTES)


@pytest.mark.parametrize(
    ("path", "template", "params"),
    [
        ("/health", "/health", ()),
        ("/api/namespaces/a/silenced/x", ROUTES[0].path, ("a", "x")),
        ("/api/namespaces/a/silenced/checks/x", ROUTES[1].path, ("a", "x")),
        ("/api/namespaces/a/silenced/checks", ROUTES[0].path, ("a", "checks")),
        ("/api/namespaces/a%20b/silenced/x%2Fy", ROUTES[0].path, ("a b", "x/y")),
        ("/api/namespaces/a/silenced/c+d;x=1", ROUTES[0].path, ("a", "c+d;x=1")),
    ],
)
def test_a_path_leads_to_its_endpoint_with_its_variables_decoded(router: Router, path, template, params) -> None:
    """Fixed segments go before variable ones, and an encoded slash is part of a name."""
    for _ in range(2):
        found = router.match(path)
        assert found is not None
        routes, found_params = found
        assert routes["GET"].path == template
        assert found_params == params


@pytest.mark.parametrize(
    "path",
    ["/", "", "/health/", "/Health", "/%68ealth", "/api/namespaces/a/silenced/", "/api/namespaces//silenced/x", "/api"],
)
def test_other_paths_lead_nowhere(router: Router, path: str) -> None:
    """Case, trailing slashes, empty segments and encoded words all make a path unknown."""
    assert router.match(path) is None


def test_a_path_knows_its_methods(router: Router) -> None:
    """All methods of one path are found together, so that others can be refused."""
    found = router.match("/api/namespaces/a/silenced/x")
    assert found is not None
    assert set(found[0]) == {"GET", "PUT"}


def test_an_endpoint_is_routed_once() -> None:
    """Two endpoints for one method of one path are a mistake that shows at the start."""
    with pytest.raises(ValueError, match="GET /health"):
        Router([*ROUTES, Route("GET", "/health", answer)])


def test_remembered_paths_are_bounded(router: Router) -> None:
    """However many names are asked for, memory does not grow with them."""
    for number in range(KNOWN_PATHS_MAX * 2):
        router.match(f"/api/namespaces/a/silenced/{number}")
    assert len(router._known) <= KNOWN_PATHS_MAX


def test_long_paths_are_not_remembered(router: Router) -> None:
    """Strangers cannot fill the memory with long paths, which are found all the same."""
    path = f"/api/namespaces/{'n' * KNOWN_PATH_LENGTH_MAX}/silenced/x"
    found = router.match(path)
    assert found is not None
    assert found[1] == ("n" * KNOWN_PATH_LENGTH_MAX, "x")
    assert router._known == {}


@pytest.mark.parametrize(
    ("path", "clean"),
    [
        ("/a/b", "/a/b"),
        ("//a/b", "/a/b"),
        ("/a//b/", "/a/b/"),
        ("/a/./b", "/a/b"),
        ("/a/x/../b", "/a/b"),
        ("/a/.b/c.d", "/a/.b/c.d"),
    ],
)
def test_empty_and_dotted_segments_are_cleaned_away(path: str, clean: str) -> None:
    """Names that begin with a dot are names and stay."""
    assert cleaned(path) == clean


def test_a_percent_sign_must_encode_something() -> None:
    """`%2` and `%zz` are broken, `%2F` is not."""
    assert is_broken("/a%2")
    assert is_broken("/a%zz")
    assert not is_broken("/a%2Fb")
