"""The endpoint that prunes resources."""

from collections.abc import Iterator

from sensu.backend.api.errors import NOTICE, refused
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response, json
from sensu.backend.api.router import Route
from sensu.backend.services.pruning import PRUNED_MAX, Pruned, PrunedResource, PruneRequest, Pruning
from sensu.resources.wire import encode

QUERIES = {
    "types": "A type to prune, such as core/v2.CheckConfig or checks, or all; repeatable. Also `type`.",
    "namespaces": "A namespace to prune; repeatable.",
    "users": "A user whose resources are pruned; repeatable. By default, the caller.",
    "allUsers": "Prune resources of all users.",
    "clusterWide": "Prune resources outside of namespaces, too.",
    "dryRun": "Only list what would be pruned.",
    "labelSelector": "Prune only resources with these labels; repeatable.",
}
YES = ("true", "1")


def routes(pruning: Pruning) -> Iterator[Route]:
    """The route of the endpoint."""

    async def prune(request: Request) -> Response:
        """Delete the resources that sensuctl created and the body does not contain."""
        query = request.query

        def is_set(name: str) -> bool:
            return request.parameter(name) in YES

        wanted = PruneRequest(
            types=(*query.get("types", ()), *query.get("type", ())),
            namespaces=tuple(query.get("namespaces", ())),
            users=tuple(query.get("users", ())),
            label_selectors=tuple(query.get("labelSelector", ())),
            all_users=is_set("allUsers"),
            cluster_wide=is_set("clusterWide"),
            dry_run=is_set("dryRun"),
        )
        outcome = await pruning.prune(request.caller, wanted, request.json_body)
        if not isinstance(outcome, Pruned):
            return refused(outcome)
        response = json(encode(outcome.resources), status=201)
        notice = _notice(outcome)
        if notice:
            response.headers.append((NOTICE, notice.encode("ascii")))
        return response

    yield Route(
        "POST",
        "/api/enterprise/prune/v1alpha",
        prune,
        takes=list[PrunedResource] | PrunedResource | None,
        gives=list[PrunedResource],
        status=201,
        queries=QUERIES,
    )


def _notice(outcome: Pruned) -> str:
    """What was left, and why."""
    denied = f"{outcome.denied} resources were kept, because you may not delete them" if outcome.denied else ""
    more = "" if outcome.complete else f"only the first {PRUNED_MAX} resources were pruned; send the request again"
    return "; ".join(filter(None, (denied, more)))
