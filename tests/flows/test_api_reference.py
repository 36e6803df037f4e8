"""The description of the API: complete, true, and readable without any other host."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest

from sensu.backend.api.openapi import document
from sensu.backend.api.router import Route
from sensu.version import VERSION
from tests.flows.api_harness import RunningApi

QUERIES = {
    "/api/sensu/v1/namespaces/{namespace}/uses": "?of=handlers",
    "/api/sensu/v1/find": "?word=web",
    "/api/sensu/v1/namespaces/{namespace}/events/groups": "?by=check",
    "/api/sensu/v1/namespaces/{namespace}/search/fields": "?of=events",
    "/api/sensu/v1/namespaces/{namespace}/search/values": "?of=events&field=labels",
    "/api/sensu/v1/access/who": "?verb=get&resource=checks",
    "/api/sensu/v1/access/of": "?user=admin",
}
"""What those requests must ask for that do nothing without a question."""


async def openapi(api: RunningApi) -> dict[str, Any]:
    answer = await api.call("GET", "/openapi.json")
    assert answer.status == 200
    described: dict[str, Any] = json.loads(answer.body)
    return described


async def test_the_description_names_the_version_of_the_program(api: RunningApi) -> None:
    """The description tells which program it belongs to; `/version` says what clients may expect of it."""
    assert (await openapi(api))["info"]["version"] == VERSION


def operations(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


async def test_every_route_is_described_and_nothing_else(api: RunningApi) -> None:
    """Document and routes name the same methods and paths; of lists the document also names HEAD."""
    described = {(method, path) for method, path, _ in operations(await openapi(api)) if method != "HEAD"}
    assert described == {(route.method, route.path) for route in api.routes}
    assert len(described) > 100


async def test_the_document_is_sound(api: RunningApi) -> None:
    """References lead somewhere; each operation has a name of its own, a summary, and all variables of its path."""
    described = await openapi(api)
    assert described["openapi"].startswith("3.1")
    for reference in references(described):
        place: Any = described
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
    names = [operation["operationId"] for _, _, operation in operations(described)]
    assert len(names) == len(set(names))
    for method, path, operation in operations(described):
        assert operation["summary"], (method, path)
        variables = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
        assert variables == set(re.findall(r"\{(\w+)\}", path))
        assert any(status.startswith(("2", "302")) for status in operation["responses"])


async def test_lists_are_described_with_their_parameters(api: RunningApi) -> None:
    """Whoever reads the document learns of pages, selectors, counts and streams, and what a list holds."""
    listing = (await openapi(api))["paths"]["/api/core/v2/namespaces/{namespace}/checks"]["get"]
    names = {one["name"] for one in listing["parameters"]}
    assert names == {"namespace", "limit", "continue", "labelSelector", "fieldSelector", "watch", "Last-Event-ID"}
    answer = listing["responses"]["200"]
    assert set(answer["headers"]) == {"Sensu-Continue", "Sensu-Total-Count"}
    items = answer["content"]["application/json"]["schema"]["items"]
    assert items == {"$ref": "#/components/schemas/CheckConfig"}
    assert "text/event-stream" in answer["content"]


OTHERWISE = ("/auth", "/api/sensu/v1/live", "/api/enterprise/authentication/v2/oidc/")
"""The beginnings of paths that need other credentials, do not end, or are for a browser that logs in."""


async def test_answers_are_of_the_kind_that_is_described(api: RunningApi) -> None:
    """Every GET that needs no name, and ends, answers with a status and a media type that its description has."""
    token = await api.token()
    license_file = {"type": "LicenseFile", "api_version": "licensing/v2", "spec": {"license": {"version": 1}}}
    stored = await api.call("PUT", "/api/enterprise/licensing/v2/license", license_file, Authorization=token)
    assert stored.status == 201
    for method, path, operation in operations(await openapi(api)):
        needed = re.findall(r"\{(\w+)\}", path)
        if method != "GET" or path.startswith(OTHERWISE) or set(needed) - {"namespace"}:
            continue
        asked = path.replace("{namespace}", "default") + QUERIES.get(path, "")
        answer = await api.call("GET", asked, Authorization=token)
        media_type = answer.headers["content-type"].partition(";")[0]
        assert str(answer.status) in operation["responses"], path
        assert media_type in operation["responses"][str(answer.status)]["content"], path


class _Outside(HTMLParser):
    """Collects whatever a page would load or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.targets: set[str] = set()
        self.links: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in ("script", "img", "iframe", "link", "object", "embed"):
            self.found.append(tag)
        self.found += [f"{name}={value}" for name, value in attrs if name.startswith("on") or name == "src"]
        self.targets.add(values.get("id") or "")
        self.links.add(values.get("href") or "#")


async def test_the_page_needs_nothing_from_outside(api: RunningApi) -> None:
    """The page for people shows every operation, runs no script, loads nothing, and its links lead somewhere."""
    answer = await api.call("GET", "/docs")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    text = answer.body.decode()
    page = _Outside()
    page.feed(text)
    assert page.found == []
    assert {link for link in page.links if not link.startswith("#")} == {"/openapi.json"}
    assert {link[1:] for link in page.links if link.startswith("#")} <= page.targets
    for _, path, operation in operations(await openapi(api)):
        assert path in text
        assert operation["summary"].replace("'", "&#x27;") in text


def test_two_routes_cannot_hide_each_other() -> None:
    """A description is made of the routes it is given, whatever their order."""

    async def handler(_: Any) -> Any:
        """The thing."""

    made = [Route("GET", "/b/{name}", handler), Route("POST", "/a", handler, takes=dict[str, str], status=201)]
    assert document(made, "1") == document(made[::-1], "1")
    assert list(document(made, "1")["paths"]) == ["/a", "/b/{name}"]


@pytest.mark.parametrize("path", ["/openapi.json", "/docs"])
async def test_the_description_is_for_everybody(api: RunningApi, path: str) -> None:
    """Nobody has to log in to read what the API offers."""
    assert (await api.call("GET", path)).status == 200
    assert (await api.call("POST", path)).status == 405
