"""The endpoints that all ordinary kinds of resources share."""

from collections.abc import Iterator

from sensu.backend.api.errors import created, deleted, found, listed, shown
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response
from sensu.backend.api.router import CORE, IN_NAMESPACE, Route
from sensu.backend.services.resources import Resources
from sensu.resources.documents import document_shape
from sensu.resources.kinds import (
    ASSET,
    CHECK,
    CLUSTER_ROLE,
    CLUSTER_ROLE_BINDING,
    EVENT_FILTER,
    HANDLER,
    HOOK,
    MUTATOR,
    PIPELINE,
    ROLE,
    ROLE_BINDING,
    Kind,
)

ORDINARY = (
    ASSET,
    CHECK,
    EVENT_FILTER,
    HANDLER,
    HOOK,
    MUTATOR,
    PIPELINE,
    ROLE,
    ROLE_BINDING,
    CLUSTER_ROLE,
    CLUSTER_ROLE_BINDING,
)


def routes(resources: Resources) -> Iterator[Route]:
    """Lists, and everything that can be done with one resource, for every ordinary kind."""
    for kind in ORDINARY:
        endpoint = ResourceEndpoint(resources, kind)
        collection = collection_path(kind)
        yield Route("GET", collection, endpoint.listing, lists=kind)
        yield Route("POST", collection, endpoint.create, takes=document_shape(kind), status=201)
        yield Route("GET", f"{collection}/{{name}}", endpoint.get, gives=document_shape(kind))
        yield Route("PUT", f"{collection}/{{name}}", endpoint.replace, takes=document_shape(kind), status=201)
        yield Route(
            "PATCH", f"{collection}/{{name}}", endpoint.patch, takes=document_shape(kind), gives=document_shape(kind)
        )
        yield Route("DELETE", f"{collection}/{{name}}", endpoint.delete, status=204)
        if kind.namespaced:
            yield Route("GET", f"{CORE}/{kind.segment}", endpoint.listing_of_all, lists=kind)


def collection_path(kind: Kind) -> str:
    """The path of a kind's list, with a variable for the namespace where it has one."""
    return f"{IN_NAMESPACE if kind.namespaced else CORE}/{kind.segment}"


class ResourceEndpoint:
    """The requests on one kind."""

    def __init__(self, resources: Resources, kind: Kind) -> None:
        self._resources = resources
        self._kind = kind

    def _place(self, request: Request) -> tuple[str, str]:
        """Namespace and name in the path."""
        params = request.params
        return (params[0], params[1]) if self._kind.namespaced else ("", params[0])

    async def listing(self, request: Request) -> Response:
        """The resources of the namespace, or of the cluster."""
        namespace = request.params[0] if self._kind.namespaced else None
        return listed(await self._resources.listing(request.caller, self._kind, namespace, request.page))

    async def listing_of_all(self, request: Request) -> Response:
        """The resources of all namespaces."""
        return listed(await self._resources.listing(request.caller, self._kind, None, request.page))

    async def create(self, request: Request) -> Response:
        """A new resource."""
        namespace = request.params[0] if self._kind.namespaced else ""
        return created(await self._resources.create(request.caller, self._kind, namespace, request.json_body))

    async def get(self, request: Request) -> Response:
        """One resource."""
        namespace, name = self._place(request)
        return found(await self._resources.get(request.caller, self._kind, namespace, name))

    async def replace(self, request: Request) -> Response:
        """A resource as it is sent."""
        namespace, name = self._place(request)
        return created(await self._resources.replace(request.caller, self._kind, namespace, name, request.json_body))

    async def patch(self, request: Request) -> Response:
        """A resource with a merge patch applied."""
        namespace, name = self._place(request)
        payload, conditions = request.merge_patch_body, request.conditions
        return shown(await self._resources.patch(request.caller, self._kind, namespace, name, payload, conditions))

    async def delete(self, request: Request) -> Response:
        """A resource removed."""
        namespace, name = self._place(request)
        return deleted(await self._resources.delete(request.caller, self._kind, namespace, name))
