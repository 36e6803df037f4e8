"""The names of resources, for suggestions and completion."""

from sensu.resources.kinds import API_KEY, EVENT, Kind
from sensu.sensuctl.paths import resource_path
from sensu.sensuctl.session import APISession
from sensu.terminal_text import is_safe

PAGE_SIZE = 500


def names_of(session: APISession, kind: Kind, namespace: str, names_max: int) -> list[str]:
    """The first names of a kind in order; for events, the names of their entities. Raises CommandFailed."""
    found: dict[str, None] = {}
    for page in session.pages(resource_path(kind, namespace), {}, min(PAGE_SIZE, names_max)):
        for resource in page.items:
            name = _name(kind, resource)
            if name and is_safe(name):
                found[name] = None
        if len(found) >= names_max:
            break
    return sorted(found)[:names_max]


def checks_of_entity(session: APISession, namespace: str, entity: str, names_max: int) -> list[str]:
    """The names of the checks for which an entity has events; raises CommandFailed."""
    listing = session.listing(resource_path(EVENT, namespace, entity), {})
    names = {str((event.get("check") or {}).get("metadata", {}).get("name", "")) for event in listing.items}
    return sorted(name for name in names if name and is_safe(name))[:names_max]


def _name(kind: Kind, resource: object) -> str:
    if not isinstance(resource, dict) or kind == API_KEY:  # the name of an API key is its secret
        return ""
    if not kind.has_metadata:
        return str(resource.get(kind.named_by) or "")
    named = (resource.get("entity") or {}) if kind == EVENT else resource
    return str((named.get("metadata") or {}).get("name") or "")
