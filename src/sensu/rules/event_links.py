"""Links into the web UI that alerts about an event carry."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

SILENCE_S = 3_600
"""How long the silence lasts that the form of the second link is filled in with."""


class EventLinks(msgspec.Struct, frozen=True):
    """Where the web UI shows an event, and where it silences it."""

    event: str
    silence: str


def links_of(url: str, namespace: str, event: Mapping[str, Any]) -> EventLinks:
    """The links of an event in JSON; `url` is the web UI's, without a slash at its end.

    An event without a check is shown with its entity.
    """
    entity, check = _name(event.get("entity")), _name(event.get("check"))
    about = {"entity": entity, "check": check, "expire": SILENCE_S}
    query = urlencode({name: value for name, value in about.items() if value}, quote_via=quote)
    silence = f"{_namespace_of(url, namespace)}/silences/new?{query}"
    return EventLinks(page_of(url, namespace, entity, check), silence)


def list_of(links: EventLinks) -> str:
    """The list of events in the web UI, in the namespace of an event with a check."""
    before, separator, _ = links.event.partition("/events/")
    return f"{before}/events" if separator else ""


def page_of(url: str, namespace: str, entity: str, check: str) -> str:
    """The page of an event in the web UI at `url`."""
    parts = ["events", entity, check] if check else ["entities", entity]
    return "/".join((_namespace_of(url, namespace), *(quote(part, safe="") for part in parts)))


def _namespace_of(url: str, namespace: str) -> str:
    return f"{url}/n/{quote(namespace, safe='')}"


def with_links(event_json: bytes, links: EventLinks) -> bytes:
    """The JSON of an event with its links as `urls`."""
    separator = b"" if event_json.rstrip().endswith(b"{}") else b","
    return event_json.rstrip()[:-1] + separator + b'"urls":' + msgspec.json.encode(links) + b"}"


def _name(part: Any) -> str:
    return str(part["metadata"]["name"]) if part else ""
