"""The rules of configured checks.

Source: recorded scenario checks-invalid.
"""

from collections.abc import Iterator, Sequence

import msgspec

from sensu.resources.check import CheckConfig
from sensu.resources.metadata import FallbackPipelineReference, PipelineReference
from sensu.rules.kinds.check_parts import (
    INTERVAL_AND_CRON,
    TTL_NOT_ABOVE_INTERVAL,
    cron_problem,
    problems_before_output,
    windows_problems,
)
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules, at_most_one, first_of
from sensu.rules.names import name_problem
from sensu.rules.selectors.selectable import PLACE, Selectable, as_flag, as_list, as_references, own


def problem(check: CheckConfig) -> str | None:
    """The first rule that a check breaks, or None."""
    return first_of(problems(check))


def problems(check: CheckConfig) -> Iterator[FieldProblem]:
    """The rules that a check breaks."""
    why = name_problem(check.metadata.name)
    if why is not None:
        yield FieldProblem("metadata.name", f"check name {why}")
    yield from _schedule_problems(check)
    if not check.metadata.namespace:
        yield FieldProblem("metadata.namespace", "namespace must be set")
    if 0 < check.ttl <= check.interval:
        yield FieldProblem("ttl", TTL_NOT_ABOVE_INTERVAL)
    yield from problems_before_output(check)
    yield from windows_problems(check)
    yield from at_most_one("fallback_pipeline", _fallback_problem(check))


def _fallback_problem(check: CheckConfig) -> str | None:
    reference, whole = check.fallback_pipeline, FallbackPipelineReference()
    if reference is None:
        return None
    if check.pipelines:
        return "cannot have both pipelines and fallback_pipeline defined at the same time"
    if (reference.type, reference.api_version) != (whole.type, whole.api_version):
        kind = f"{reference.api_version}.{reference.type}"
        return f"fallback_pipeline must refer to a {whole.api_version}.{whole.type}, not {kind}"
    why = name_problem(reference.name)
    return None if why is None else f"fallback_pipeline name {why}"


def _schedule_problems(check: CheckConfig) -> Iterator[FieldProblem]:
    if check.cron and check.interval:
        yield FieldProblem("cron", INTERVAL_AND_CRON)
    elif check.cron:
        yield from at_most_one("cron", cron_problem(check.cron))
    elif not check.interval:
        message = "check interval must be greater than 0 or a valid cron schedule must be provided"
        yield FieldProblem("interval", message)


def expressions(check: CheckConfig) -> Sequence[str]:
    """The expressions that select the entities of proxy requests."""
    return (check.proxy_requests.entity_attributes if check.proxy_requests else None) or ()


def _completed(check: CheckConfig, username: str, now: float) -> CheckConfig:
    return _with_single_hooks(_with_whole_pipelines(check))


def _with_whole_pipelines(check: CheckConfig) -> CheckConfig:
    """The check with the default types and API versions of pipelines if a client sent empty ones.

    Source: recorded scenario checks-lifecycle.
    """
    if all(reference.type and reference.api_version for reference in check.pipelines):
        return check
    whole = PipelineReference()
    pipelines = tuple(
        PipelineReference(
            name=reference.name,
            type=reference.type or whole.type,
            api_version=reference.api_version or whole.api_version,
        )
        for reference in check.pipelines
    )
    return msgspec.structs.replace(check, pipelines=pipelines)


def _with_single_hooks(check: CheckConfig) -> CheckConfig:
    """The check with a separate object for each status that has hooks, as agents expect.

    Sensu Go keeps one key of an object with several; an empty object is an entry without a name.
    """
    if not check.check_hooks or all(len(one) == 1 and all(one.values()) for one in check.check_hooks):
        return check
    single = tuple(
        {status: hooks or None} for one in check.check_hooks for status, hooks in (one or {"": None}).items()
    )
    return msgspec.structs.replace(check, check_hooks=single)


RULES = KindRules(
    problems=problems,
    completed=_completed,
    expressions=expressions,
    selectable=Selectable(
        "check",
        {
            **PLACE,
            **own(as_list, "handlers", "runtime_assets", "subscriptions"),
            **own(as_flag, "publish", "round_robin"),
            **own(as_references, "pipelines"),
        },
    ),
    keeps_namespace=True,
    filters={
        "published": lambda check, value: check.publish == (value == "true"),
        "subscription": lambda check, value: value in check.subscriptions,
    },
    suggested=("command", "proxy_entity_name", "subscriptions", "timeout"),
)
