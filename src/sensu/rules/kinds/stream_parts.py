"""What the rules of stream handlers share: their names, durations and connections."""

from collections.abc import Iterator
from typing import Protocol

from sensu.errors import InvalidResource
from sensu.resources.metadata import ObjectMeta
from sensu.rules.go_duration import parse_s
from sensu.rules.kinds.handler import RetriedHandler, retry_problems
from sensu.rules.kinds.kind_rules import FieldProblem
from sensu.rules.names import name_problem

CONNECTIONS_MAX = 1000


class StreamHandler(RetriedHandler, Protocol):
    """The common fields of stream handlers."""

    @property
    def metadata(self) -> ObjectMeta:
        """The name and the namespace."""
        ...

    @property
    def max_connections(self) -> int:
        """The largest number of open connections."""
        ...


def common_problems(handler: StreamHandler, word: str) -> Iterator[FieldProblem]:
    """The rules about common fields that a handler breaks; `word` is what messages call it."""
    why = name_problem(handler.metadata.name)
    if why is not None:
        yield FieldProblem("metadata.name", f"{word} name {why}")
    if not handler.metadata.namespace:
        yield FieldProblem("metadata.namespace", "namespace must be set")
    if handler.max_connections > CONNECTIONS_MAX:
        yield FieldProblem("max_connections", f"max_connections must not be greater than {CONNECTIONS_MAX}")
    yield from retry_problems(handler)


def duration_problem(name: str, text: str, longest_s: float, example: str) -> str | None:
    """The problem of a field with a duration, or None."""
    try:
        seconds = parse_s(text)
    except InvalidResource:
        seconds = 0.0
    if seconds <= 0:
        return f'{name} must be a duration such as {example}, not "{text}"'
    return f"{name} must not be longer than {longest_s:g} s" if seconds > longest_s else None
