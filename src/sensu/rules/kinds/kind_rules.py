"""The rules of one kind; each file of this folder exports those of its kind as `RULES`."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sensu.rules.selectors.selectable import Selectable
from sensu.rules.spelling import did_you_mean

Filter = Callable[[Any, str], bool]


class FieldProblem(NamedTuple):
    """A rule that a resource breaks, and the field that it is about (`subdues[0].begin`), empty for the whole."""

    path: str
    message: str


def first_of(problems: Iterable[FieldProblem]) -> str | None:
    """The message of the first problem, or None."""
    return next((problem.message for problem in problems), None)


def at_most_one(path: str, message: str | None) -> Iterator[FieldProblem]:
    """The problem of a field, if there is a message."""
    if message is not None:
        yield FieldProblem(path, message)


def _always_valid(resource: Any) -> Iterable[FieldProblem]:
    return ()


def _as_sent(resource: Any, username: str, now: float) -> Any:
    return resource


def _none(resource: Any) -> Sequence[str]:
    return ()


def _whole(resource: Any) -> Any:
    return resource


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KindRules:
    """The rules of a kind, all pure functions of its struct.

    - `selectable`: the fields that selectors can compare.
    - `problems`: all rules that a resource breaks, in the words of the API; the first is what the API answers.
    - `completed`: the resource of a client, filled in and normalised before it is validated and stored. It gets the
      name of the user and the time in Unix seconds.
    - `expressions`: its JavaScript expressions, in the order in which messages number them.
    - `shown`: the public form of the resource; the same object if nothing is hidden.
    - `secrets`: the resource with `change(place, value)` instead of each of its secret values, which are stored sealed;
      None if it has none.
    - `notice`: what the header `Sensu-Notice` says when a resource was written; no header if it is empty, or None.
    - `built_in`: the resources that every namespace has and that cannot be changed, by their names (`Kind.built_in`).
    - `keeps_namespace`: whether a namespace that has such a resource cannot be deleted. None for cluster-wide kinds.
    - `bare_wording`: whether its problems are reported without `resource is invalid: `.
    - `filters`: the filters `KEY:VALUE` of its lists in GraphQL.
    - `suggested`: the fields whose values GraphQL suggests, besides names and labels; None if it suggests nothing.
    """

    selectable: Selectable
    problems: Callable[[Any], Iterable[FieldProblem]] = _always_valid
    completed: Callable[[Any, str, float], Any] = _as_sent
    expressions: Callable[[Any], Sequence[str]] = _none
    shown: Callable[[Any], Any] = _whole
    secrets: Callable[[Any, Callable[[str, str], str]], Any] | None = None
    notice: Callable[[Any], str] | None = None
    built_in: Mapping[str, Any] = field(default_factory=dict)
    keeps_namespace: bool | None = None
    bare_wording: bool = False
    filters: Mapping[str, Filter] = field(default_factory=dict)
    suggested: Collection[str] | None = None

    def problem(self, resource: Any) -> str | None:
        """The first rule that a resource breaks, in the words of the API, or None."""
        return first_of(self.problems(resource))


def suggestion(word: str, known: Collection[str]) -> str:
    """`; did you mean "pipe"?`; empty also for a word in other letter case, for which messages are recorded."""
    return "" if word.lower() in known else did_you_mean(word, known, letters_min=3)
