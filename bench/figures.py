"""Figures, as a table with those of another server, and as JSON."""

import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

LESS, MORE = "less is better", "more is better"


@dataclass(frozen=True)
class Figure:
    """A figure; `best` says whether less or more is better."""

    name: str
    unit: str
    value: float
    best: str = LESS


def table(ours: Sequence[Figure], theirs: Mapping[str, Figure]) -> str:
    """One line per figure; `times` is the factor by which ours is better."""
    wide = max((len(figure.name) for figure in ours), default=0)
    lines = [f"{'':{wide}}  {'':>10} {'unit':<14}" + (f"{'theirs':>10} {'times':>7}" if theirs else "")]
    for figure in ours:
        line = f"{figure.name:{wide}}  {written(figure.value):>10} {figure.unit:<14}"
        other = theirs.get(figure.name)
        if other is not None:
            line += f"{written(other.value):>10} {times_better(figure, other):>7}"
        lines.append(line.rstrip())
    return "\n".join(lines)


def markdown(ours: Sequence[Figure], theirs: Mapping[str, Figure]) -> str:
    """The same as a Markdown table."""
    lines = ["| work | figure | unit |" + (" theirs | times better |" if theirs else "")]
    lines.append("| --- | --- | --- |" + (" --- | --- |" if theirs else ""))
    for figure in ours:
        line = f"| {figure.name} | {written(figure.value)} | {figure.unit} |"
        other = theirs.get(figure.name)
        if other is not None:
            line += f" {written(other.value)} | {times_better(figure, other)} |"
        elif theirs:
            line += " | |"
        lines.append(line)
    return "\n".join(lines)


def as_json(ours: Iterable[Figure], theirs: Mapping[str, Figure]) -> str:
    """The figures as JSON: value and unit by name, with the other server's value if it was measured."""
    found = {}
    for figure in ours:
        other = theirs.get(figure.name)
        more = {} if other is None else {"theirs": other.value, "times": times_better(figure, other)}
        found[figure.name] = {"value": figure.value, "unit": figure.unit, "best": figure.best, **more}
    return json.dumps(found, indent=2)


def loaded(text: str) -> tuple[list[Figure], dict[str, Figure]]:
    """Parse the output of `as_json`: our figures, and by name those of another server."""
    found = json.loads(text).items()
    ours = [Figure(name, one["unit"], one["value"], one["best"]) for name, one in found]
    theirs = {name: Figure(name, one["unit"], one["theirs"], one["best"]) for name, one in found if "theirs" in one}
    return ours, theirs


def times_better(ours: Figure, theirs: Figure) -> str:
    """The factor by which ours is better, empty if it is undefined."""
    better, worse = (ours.value, theirs.value) if ours.best == MORE else (theirs.value, ours.value)
    return f"{better / worse:.1f}" if worse > 0 else ""


def written(value: float) -> str:
    """A number with three significant digits."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def quantile(values: Sequence[float], of_100: int) -> float:
    """A percentile of values."""
    return statistics.quantiles(values, n=100, method="inclusive")[of_100 - 1] if len(values) > 1 else values[0]
