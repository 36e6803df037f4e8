"""Links into the web UI that alerts carry."""

import json
from typing import Any

import pytest

from sensu.rules.event_links import EventLinks, links_of, with_links

URL = "https://sensu.example.com"


def event(entity: str, check: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {"entity": {"metadata": {"name": entity}}}
    return {**found, "check": {"metadata": {"name": check}}} if check else found


@pytest.mark.parametrize(
    ("namespace", "about", "shown", "silenced"),
    [
        ("default", event("web1", "http"), "default/events/web1/http", "default/silences/new?entity=web1&check=http"),
        (
            "a b",
            event("x/y", "ü?&"),
            "a%20b/events/x%2Fy/%C3%BC%3F%26",
            "a%20b/silences/new?entity=x%2Fy&check=%C3%BC%3F%26",
        ),
        ("default", event("web1"), "default/entities/web1", "default/silences/new?entity=web1"),
    ],
)
def test_names_are_encoded_one_by_one(namespace: str, about: dict[str, Any], shown: str, silenced: str) -> None:
    """A name is one segment of the path and one value of the query, whatever is in it."""
    assert links_of(URL, namespace, about) == EventLinks(f"{URL}/n/{shown}", f"{URL}/n/{silenced}&expire=3600")


@pytest.mark.parametrize("body", [b"{}", b'{"a":1}', b'{"a":{}}', b'{"a":1}\n'])
def test_links_are_added_to_the_json_of_an_event(body: bytes) -> None:
    """The event keeps its fields and gets `urls`."""
    links = EventLinks("https://a", "https://b")
    added = json.loads(with_links(body, links))
    assert added == {**json.loads(body), "urls": {"event": "https://a", "silence": "https://b"}}
