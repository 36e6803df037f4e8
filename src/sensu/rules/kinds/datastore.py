"""The rules of datastore configurations.

Source: docs, "Scale Sensu Go with Enterprise datastore" (required fields).
"""

from collections.abc import Callable, Iterator

import msgspec

from sensu.errors import InvalidResource
from sensu.resources.datastore import PostgresConfig
from sensu.rules import go_duration
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules, at_most_one
from sensu.rules.names import name_problem
from sensu.rules.redaction import REDACTED
from sensu.rules.selectors.selectable import NAME, Selectable

DSN_CHARACTERS_MAX = 4096
_NOT_NEGATIVE = ("batch_buffer", "batch_size", "batch_workers", "max_idle_conns", "pool_size")


def problems(config: PostgresConfig) -> Iterator[FieldProblem]:
    """The rules that a configuration breaks."""
    why = name_problem(config.metadata.name)
    if why is not None:
        yield FieldProblem("metadata.name", f"datastore provider name {why}")
    if not config.dsn:
        yield FieldProblem("dsn", "dsn must be set, for example postgresql://user@host:5432/sensu")
    elif len(config.dsn) > DSN_CHARACTERS_MAX:
        yield FieldProblem("dsn", f"dsn must have at most {DSN_CHARACTERS_MAX} characters")
    for name in _NOT_NEGATIVE:
        if getattr(config, name) < 0:
            yield FieldProblem(name, f"{name} must not be negative")
    yield from at_most_one("max_conn_lifetime", _lifetime_problem(config.max_conn_lifetime))


def _lifetime_problem(lifetime: str) -> str | None:
    if not lifetime:
        return None
    try:
        found = go_duration.parse_ns(lifetime)
    except InvalidResource:
        found = -1
    return None if found >= 0 else f'max_conn_lifetime must be a duration such as 5m, not "{lifetime}"'


def secrets(config: PostgresConfig, change: Callable[[str, str], str]) -> PostgresConfig:
    """The configuration with `change("dsn", value)` as the DSN, which can contain a password."""
    return msgspec.structs.replace(config, dsn=change("dsn", config.dsn)) if config.dsn else config


def _redacted(config: PostgresConfig) -> PostgresConfig:
    return secrets(config, lambda place, value: REDACTED)


RULES = KindRules(
    problems=problems,
    shown=_redacted,
    selectable=Selectable("provider", NAME),
    secrets=secrets,
    notice=lambda _: "stored, but not used: the option --store of sensu-backend chooses the database",
)
