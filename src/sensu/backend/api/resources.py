"""The endpoints of resources, for the methods that each kind's row in `resources/kinds.py` lists."""

from collections.abc import Iterator
from dataclasses import replace

from sensu.backend.api.errors import created, deleted, found, listed, refused, shown
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response
from sensu.backend.api.router import Route
from sensu.backend.services.outcomes import Invalid, Written
from sensu.backend.services.pages import PageRequest
from sensu.backend.services.resources import Resources
from sensu.resources.documents import document_shape
from sensu.resources.kinds import EVERY_KIND, Kind
from sensu.rules.kinds.table import notice_of, selectable_of

TYPES = {"types": "Only resources of this type; repeatable."}


def routes(resources: Resources) -> Iterator[Route]:
    """The routes of every kind, for the methods that its row in the table lists."""
    for kind in EVERY_KIND:
        endpoint = ResourceEndpoint(resources, kind)
        shape, collection = document_shape(kind), collection_path(kind)
        one = f"{collection}/{{name}}"
        for route in (
            Route("GET", collection, endpoint.listing, lists=kind, queries=TYPES if kind.types else {}),
            Route("POST", collection, endpoint.create, takes=shape, status=201),
            Route("GET", one, endpoint.get, gives=shape),
            Route("PUT", one, endpoint.replace, takes=shape, status=201, conditional=True),
            Route("PATCH", one, endpoint.patch, takes=shape, gives=shape),
            Route("DELETE", one, endpoint.delete, status=204),
        ):
            if route.method in kind.serves:
                yield route
        if kind.namespaced and "GET" in kind.serves:
            yield Route("GET", kind.path(""), endpoint.listing_of_all, lists=kind)


def collection_path(kind: Kind) -> str:
    """The path of a kind's list, with a variable for the namespace if it has one."""
    return kind.path("{namespace}")


class ResourceEndpoint:
    """Handles requests for one kind."""

    def __init__(self, resources: Resources, kind: Kind) -> None:
        self._resources = resources
        self._kind = kind

    def _place(self, request: Request) -> tuple[str, str]:
        """The namespace and name in the path."""
        params = request.params
        return (params[0], params[1]) if self._kind.namespaced else ("", params[0])

    async def listing(self, request: Request) -> Response:
        """List the resources of a namespace, or of the cluster."""
        namespace = request.params[0] if self._kind.namespaced else None
        page = self._of_types(request)
        if isinstance(page, Invalid):
            return refused(page)
        return listed(await self._resources.listing(request.caller, self._kind, namespace, page))

    def _of_types(self, request: Request) -> PageRequest | Invalid:
        """The page that is requested; of a kind with several types, only those that the query names.

        Source: docs, "Authentication API" (`?types=AD&types=OIDC`); the name of the kind stands for all its types.
        """
        kind, page = self._kind, request.page
        wanted = {word.lower() for word in request.query.get("types", ())} if kind.types else set()
        if not wanted or kind.type.lower() in wanted:
            return page
        types = {one.type.lower(): one.type for one in kind.types}
        unknown = wanted - types.keys()
        if unknown:
            known = ", ".join(types.values())
            return Invalid(f'types: "{min(unknown)}" is not a type, the types are {known}')
        chosen = f"{selectable_of(kind).prefix}.type in [{','.join(sorted(types[word] for word in wanted))}]"
        return replace(page, field_selectors=(*page.field_selectors, chosen))

    async def listing_of_all(self, request: Request) -> Response:
        """List the resources of all namespaces."""
        return listed(await self._resources.listing(request.caller, self._kind, None, request.page))

    async def create(self, request: Request) -> Response:
        """Create a resource."""
        namespace = request.params[0] if self._kind.namespaced else ""
        return created(await self._resources.create(request.caller, self._kind, namespace, request.json_body))

    async def get(self, request: Request) -> Response:
        """Show a resource."""
        namespace, name = self._place(request)
        return found(await self._resources.get(request.caller, self._kind, namespace, name))

    async def replace(self, request: Request) -> Response:
        """Create or replace a resource."""
        namespace, name = self._place(request)
        payload, conditions = request.json_body, request.conditions
        outcome = await self._resources.replace(request.caller, self._kind, namespace, name, payload, conditions)
        return created(outcome, notice_of(self._kind, outcome.body) if isinstance(outcome, Written) else "")

    async def patch(self, request: Request) -> Response:
        """Update a resource with a merge patch."""
        namespace, name = self._place(request)
        payload, conditions = request.merge_patch_body, request.conditions
        return shown(await self._resources.patch(request.caller, self._kind, namespace, name, payload, conditions))

    async def delete(self, request: Request) -> Response:
        """Delete a resource."""
        namespace, name = self._place(request)
        return deleted(await self._resources.delete(request.caller, self._kind, namespace, name))
