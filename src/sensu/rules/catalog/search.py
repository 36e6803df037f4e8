"""Searches of the catalog.

Source: docs, "Configure integrations in the Sensu Catalog", catalog search operators.
"""

import re

from sensu.resources.catalog import Integration

_OPERATION = re.compile(
    r"(?P<field>class|display_name|provider)\s+matches\s+(?P<part>.+)|(?P<item>.+?)\s+in\s+(?P<list>tags|provider|class)"
)


def is_found(integration: Integration, search: str) -> bool:
    """Whether an integration matches `aws in tags` or `display_name matches ansible`, or is described with a text."""
    match = _OPERATION.fullmatch(search.strip())
    if match is None:
        return search.strip().lower() in _described(integration)
    if match["field"]:
        return _unquoted(match["part"]) in _values(integration, match["field"])[0]
    return _unquoted(match["item"]) in _values(integration, match["list"])


def _values(integration: Integration, field: str) -> list[str]:
    if field == "tags":
        return [tag.lower() for tag in integration.tags]
    name = "integration_class" if field == "class" else field
    return [str(getattr(integration, name)).lower()]


def _unquoted(text: str) -> str:
    return text.strip().strip("\"'").lower()


def _described(integration: Integration) -> str:
    name = f"{integration.metadata.namespace}/{integration.metadata.name}"
    parts = (name, integration.display_name, integration.short_description, integration.provider, *integration.tags)
    return "\n".join(parts).lower()
