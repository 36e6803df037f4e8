"""Reads the Prometheus text format into families; what stands before the first fault is kept."""

import math
import re
from dataclasses import dataclass, field

from sensu.rules.go_number import parse_float, parse_int64
from sensu.rules.metrics.points import POINTS_MAX

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*", re.ASCII)
_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
_BLANKS = re.compile(r"[ \t]*")
_WORD = re.compile(r"[^ \t\n]*")
_LABEL_TEXT = re.compile(r'(?:[^"\\\n]|\\[\\"n])*')
_ESCAPE = re.compile(r"\\(.)")
_KINDS = frozenset({"counter", "gauge", "summary", "untyped", "histogram", "gauge_histogram"})
_NO_FLOAT = frozenset("pP_")
Labels = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Metric:
    """One set of labels of a family; `parts` are (bound, count) of a histogram, (quantile, value) of a summary."""

    labels: dict[str, str]
    value: float | None = None
    timestamp_ms: int | None = None
    parts: list[tuple[float, float]] = field(default_factory=list)
    sum: float = 0.0
    count: float = 0.0


@dataclass(slots=True)
class Family:
    """The metrics of one name."""

    name: str
    kind: str = "untyped"
    help: str = ""
    typed: bool = False
    helped: bool = False
    metrics: list[Metric] = field(default_factory=list)
    by_labels: dict[Labels, Metric] = field(default_factory=dict)


class _Fault(Exception):
    """The text is not in the format from here on."""


def parse(text: str) -> list[Family]:
    """The families in order of appearance, those without metrics left out."""
    reader = _Reader(text)
    try:
        while reader.at < len(text) and reader.samples < POINTS_MAX:
            reader.line()
    except _Fault:
        pass
    return [family for family in reader.families.values() if family.metrics]


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.samples = 0
        self.families: dict[str, Family] = {}

    def line(self) -> None:
        self.take(_BLANKS)
        start = self.text[self.at : self.at + 1]
        if start in ("\n", ""):
            self.at += 1
        elif start == "#":
            self.comment()
        else:
            self.sample()

    def take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        if match is None:
            raise _Fault
        self.at = match.end()
        return match.group()

    def rest_of_line(self) -> str:
        end = self.text.find("\n", self.at)
        if end < 0:
            raise _Fault
        rest, self.at = self.text[self.at : end], end + 1
        return rest

    def comment(self) -> None:
        self.at += 1
        self.take(_BLANKS)
        keyword = self.take(_WORD)
        if keyword not in ("HELP", "TYPE"):
            self.rest_of_line()
            return
        self.take(_BLANKS)
        if self.text[self.at : self.at + 1] == "\n":
            self.at += 1
            return
        family = self.family(self.take(_NAME))
        rest = self.rest_of_line()
        if rest and rest[0] not in " \t":
            raise _Fault
        self.describe(family, keyword, rest.lstrip(" \t"))

    def describe(self, family: Family, keyword: str, text: str) -> None:
        if not text:
            return
        if keyword == "HELP":
            if family.helped:
                raise _Fault
            family.helped = True
            family.help = _unescaped(text)
            return
        if family.typed or family.metrics or text.lower() not in _KINDS:
            raise _Fault
        family.typed = True
        family.kind = text.lower()

    def family(self, name: str) -> Family:
        """The family of a sample or comment; `_bucket`, `_sum` and `_count` belong to a typed histogram or summary."""
        if name in self.families:
            return self.families[name]
        for suffix, kinds in (("_count", ("summary", "histogram")), ("_sum", ("summary", "histogram"))):
            owner = self.families.get(name.removesuffix(suffix))
            if name.endswith(suffix) and owner is not None and owner.kind in kinds:
                return owner
        owner = self.families.get(name.removesuffix("_bucket"))
        if name.endswith("_bucket") and owner is not None and owner.kind == "histogram":
            return owner
        return self.families.setdefault(name, Family(name))

    def sample(self) -> None:
        self.samples += 1
        name = self.take(_NAME)
        family = self.family(name)
        self.take(_BLANKS)
        labels = self.labels() if self.text[self.at : self.at + 1] == "{" else {}
        bound = _bound(family, labels)
        metric = _metric(family, labels)
        self.take(_BLANKS)
        value_text = self.take(_WORD)
        if self.at >= len(self.text):
            raise _Fault
        _record(family, metric, name, bound, _number(value_text))
        self.timestamp(metric)

    def timestamp(self, metric: Metric) -> None:
        self.take(_BLANKS)
        text = self.take(_WORD)
        self.take(_BLANKS)
        if self.text[self.at : self.at + 1] != "\n":
            raise _Fault
        self.at += 1
        if text:
            metric.timestamp_ms = parse_int64(text)
            if metric.timestamp_ms is None:
                raise _Fault

    def labels(self) -> dict[str, str]:
        labels: dict[str, str] = {}
        self.at += 1
        self.take(_BLANKS)
        while self.text[self.at : self.at + 1] != "}":
            name = self.take(_LABEL_NAME)
            self.take(_BLANKS)
            self.expect("=")
            self.take(_BLANKS)
            self.expect('"')
            text = self.take(_LABEL_TEXT)
            self.expect('"')
            if name in labels or name == "__name__":
                raise _Fault
            labels[name] = _unescaped(text)
            self.take(_BLANKS)
            if self.text[self.at : self.at + 1] != "}":
                self.expect(",")
                self.take(_BLANKS)
        self.at += 1
        return labels

    def expect(self, character: str) -> None:
        if self.text[self.at : self.at + 1] != character:
            raise _Fault
        self.at += 1


def _bound(family: Family, labels: dict[str, str]) -> float:
    """The bucket bound or quantile, taken out of the labels; NaN where the sample has none."""
    name = {"histogram": "le", "summary": "quantile"}.get(family.kind)
    text = labels.pop(name, None) if name else None
    return math.nan if text is None else _number(text)


def _metric(family: Family, labels: dict[str, str]) -> Metric:
    """A new metric; for histograms and summaries the one of these labels."""
    if family.kind not in ("histogram", "summary"):
        metric = Metric(labels)
        family.metrics.append(metric)
        return metric
    key = tuple(sorted(labels.items()))
    if key not in family.by_labels:
        family.by_labels[key] = Metric(labels)
        family.metrics.append(family.by_labels[key])
    return family.by_labels[key]


def _record(family: Family, metric: Metric, name: str, bound: float, value: float) -> None:
    if family.kind not in ("histogram", "summary"):
        metric.value = value
    elif name == f"{family.name}_count":
        metric.count = _whole(value)
    elif name == f"{family.name}_sum":
        metric.sum = value
    elif not math.isnan(bound):
        metric.parts.append((bound, _whole(value) if family.kind == "histogram" else value))


def _whole(value: float) -> float:
    """A count without its fraction; 0 where it is no count."""
    return float(int(value)) if math.isfinite(value) and value > 0 else 0.0


def _number(text: str) -> float:
    value = None if _NO_FLOAT & set(text) else parse_float(text)
    if value is None:
        raise _Fault
    return value


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda match: {"n": "\n", "\\": "\\", '"': '"'}.get(match.group(1), match.group()), text)
