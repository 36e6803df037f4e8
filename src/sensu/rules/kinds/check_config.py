"""Whether a configured check is valid.

Source: recorded scenario checks-invalid.
"""

from collections.abc import Sequence

from sensu.resources.check import CheckConfig
from sensu.rules.kinds.check_parts import (
    INTERVAL_AND_CRON,
    TTL_NOT_ABOVE_INTERVAL,
    cron_problem,
    problem_before_output,
    windows_problem,
)
from sensu.rules.names import name_problem


def problem(check: CheckConfig) -> str | None:
    """The first rule that a check breaks, or None."""
    why = name_problem(check.metadata.name)
    if why is not None:
        return f"check name {why}"
    why = _schedule_problem(check)
    if why is not None:
        return why
    if not check.metadata.namespace:
        return "namespace must be set"
    if 0 < check.ttl <= check.interval:
        return TTL_NOT_ABOVE_INTERVAL
    return problem_before_output(check) or windows_problem(check)


def _schedule_problem(check: CheckConfig) -> str | None:
    if check.cron:
        return INTERVAL_AND_CRON if check.interval else cron_problem(check.cron)
    if not check.interval:
        return "check interval must be greater than 0 or a valid cron schedule must be provided"
    return None


def expressions(check: CheckConfig) -> Sequence[str]:
    """The expressions that choose the entities of proxy requests."""
    return (check.proxy_requests.entity_attributes if check.proxy_requests else None) or ()
