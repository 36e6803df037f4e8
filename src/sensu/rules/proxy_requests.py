"""Builds the requests of a check with proxy requests, and spreads them over its interval.

Source: docs, check reference (proxy requests); recorded scenarios request-proxy-requests, request-proxy-attributes.
"""

from typing import Any

import msgspec

from sensu.resources.check import CheckConfig
from sensu.resources.entity import EntityConfig
from sensu.rules.schedule import Timing, next_at
from sensu.rules.tokens import entity_config_context, substitute

SPLAY_COVERAGE_DEFAULT = 90
_CRON_LEAST_S = 5.0


def on_behalf_of(check: CheckConfig, entity: EntityConfig) -> CheckConfig:
    """The check with tokens substituted from an entity, to run on its behalf; raises InvalidResource."""
    texts: Any = substitute(msgspec.to_builtins(check), entity_config_context(msgspec.to_builtins(entity)))
    texts["proxy_entity_name"] = entity.metadata.name
    return msgspec.convert(texts, CheckConfig)


def splay_pause_s(check: CheckConfig, when: Timing, now: float, entities: int) -> float:
    """The pause before each entity's request, in seconds; 0 without splay."""
    spread = check.proxy_requests
    if spread is None or not spread.splay or not entities:
        return 0.0
    coverage = spread.splay_coverage or SPLAY_COVERAGE_DEFAULT
    return _time_to_next_run_s(check, when, now) * coverage / 100 / entities


def _time_to_next_run_s(check: CheckConfig, when: Timing, now: float) -> float:
    if not when.cron:
        return when.interval_s
    at = next_at(check.metadata.name, when, now)
    if at is not None and at - now < _CRON_LEAST_S:
        at = next_at(check.metadata.name, when, at)
    return 0.0 if at is None else at - now
