"""Finds what keeps a check from being useful: no agent runs it, it never ran, or nothing happens with its results."""

from collections.abc import Callable, Iterator

import msgspec

from sensu.resources.check import CheckConfig

NO_AGENT, NEVER_RAN, ASSET_MISSING = "no-agent", "never-ran", "asset-missing"
HANDLER_MISSING, PIPELINE_MISSING, NO_HANDLER, TTL_SHORT = (
    "handler-missing",
    "pipeline-missing",
    "no-handler",
    "ttl-short",
)
"""The sorts of problems."""


class CheckProblem(msgspec.Struct, frozen=True):
    """A problem of a check: its sort, for programs, and a sentence."""

    sort: str
    text: str


class Surroundings(msgspec.Struct, frozen=True):
    """What is known about a check besides its configuration.

    `was_due` says whether it should have run by now. A lookup is None if the caller may not know the answer.
    """

    has_agents: bool
    has_results: bool
    was_due: bool
    has_asset: Callable[[str], bool] | None = None
    has_handler: Callable[[str], bool] | None = None
    has_pipeline: Callable[[str], bool] | None = None


def problems_of(check: CheckConfig, known: Surroundings) -> Iterator[CheckProblem]:
    """The problems of a check, the most important ones first; one that is not published runs on demand only."""
    if check.publish and not known.has_agents:
        yield CheckProblem(NO_AGENT, "No connected agent has one of its subscriptions.")
    elif check.publish and known.was_due and not known.has_results:
        yield CheckProblem(NEVER_RAN, "It was due, but no result has arrived.")
    for sort, word, names, exists in (
        (ASSET_MISSING, "Asset", check.runtime_assets or (), known.has_asset),
        (HANDLER_MISSING, "Handler", check.handlers, known.has_handler),
        (PIPELINE_MISSING, "Pipeline", [each.name for each in check.pipelines], known.has_pipeline),
    ):
        if exists is not None:
            yield from (CheckProblem(sort, f"{word} {name} does not exist.") for name in names if not exists(name))
    if not (check.handlers or check.pipelines or check.fallback_pipeline or check.output_metric_handlers):
        yield CheckProblem(NO_HANDLER, "It names no handler and no pipeline: nobody is notified of its results.")
    if check.interval and 0 < check.ttl < check.interval + check.timeout:
        longest = check.interval + check.timeout
        yield CheckProblem(
            TTL_SHORT, f"Its TTL of {check.ttl} s may expire before the next result, which can take {longest} s."
        )
