"""The endpoint that tries out filters."""

from collections.abc import Iterator

from sensu.backend.api.audit import OWN
from sensu.backend.api.errors import found
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response
from sensu.backend.api.router import Route
from sensu.backend.services.filter_bench import Bench, FilterBenches
from sensu.rules.filter_bench import BenchResult


def routes(benches: FilterBenches) -> Iterator[Route]:
    """The route of filter benches."""

    async def bench(request: Request) -> Response:
        """Judge stored events with a filter, and compare it with the stored filter of its name; nothing is stored."""
        return found(await benches.bench(request.caller, request.params[0], request.json_body))

    yield Route("POST", f"{OWN}/namespaces/{{namespace}}/filters/bench", bench, takes=Bench, gives=BenchResult)
