"""`prometheus_text`: the text exposition format, version 0.0.4, and OpenMetrics."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from sensu.rules.go_number import format_general, parse_float, parse_int64
from sensu.rules.metrics.points import Point, RefusedLine, Tag, numbered_lines, point

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*", re.ASCII)
_COMMENT = re.compile(r"#[ \t]*(HELP|TYPE)[ \t]+([a-zA-Z_:][a-zA-Z0-9_:]*)(?:[ \t]+(.*))?", re.ASCII | re.DOTALL)
_END_OF_OPEN_METRICS = re.compile(r"^# EOF[ \t\r]*$", re.MULTILINE)
_LABEL = re.compile(r'[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"((?:[^"\\]|\\.)*+)"[ \t]*(,|(?=\}))', re.ASCII)
_LABELS_BEGIN = re.compile(r"[ \t]*\{")
_LABELS_END = re.compile(r"[ \t]*\}")
_VALUE_AND_TIME = re.compile(r"[ \t]*([^ \t#]+)(?:[ \t]+([^ \t#]+))?(?:[ \t]+#[ \t]*\{.*)?")
"""An exemplar, `# {…} value`, is ignored."""
_FRACTION_OF_SECONDS = re.compile(r"(-?\d{1,12})\.\d+", re.ASCII)
_ESCAPE = re.compile(r"\\(.)")
_NO_FLOAT = frozenset("pP_")

_SUFFIXES = {
    "counter": ("_total", "_created"),
    "histogram": ("_bucket", "_count", "_sum", "_created"),
    "gaugehistogram": ("_bucket", "_gcount", "_gsum"),
    "gauge_histogram": ("_bucket", "_count", "_sum"),
    "summary": ("_count", "_sum", "_created"),
    "info": ("_info",),
}
"""The suffixes that the names of samples add to the name of their family, by its type."""
_KINDS = frozenset({*_SUFFIXES, "gauge", "untyped", "unknown", "stateset"})
_COUNTS = ("_bucket", "_count", "_gcount")


@dataclass(slots=True)
class _Family:
    """The comments on the samples of a name."""

    name: str
    kind: str = "untyped"
    help: str = ""
    is_typed: bool = False
    has_samples: bool = False


@dataclass(slots=True)
class _Histogram:
    """Whether a histogram with a set of labels has a last bucket, and its count."""

    has_last_bucket: bool = False
    count: tuple[float, int, dict[str, str], _Family] | None = None


@dataclass(slots=True)
class _Reading:
    """The state of the parser."""

    now: int
    is_open_metrics: bool
    tags: dict[str, str]
    families: dict[str, _Family] = field(default_factory=dict)
    histograms: dict[tuple[str, frozenset[tuple[str, str]]], _Histogram] = field(default_factory=dict)


class _Fault(Exception):
    """A line that violates the format; the message is the rule."""


def points(output: str, now: float, tags: list[Tag]) -> Iterator[Point | RefusedLine]:
    """The point of each sound line; other lines are refused. Values that are NaN yield no point.

    Each point has its labels, `prom_type`, and `prom_help` if there is a help text; tags of the check override labels
    of the same name. A histogram that has a count and no bucket `+Inf` gets that bucket. Timestamps are milliseconds;
    with a fraction, and in OpenMetrics (which ends with `# EOF`), seconds.
    Source: Prometheus docs, "Exposition formats"; the OpenMetrics specification; recorded prometheus cases.
    """
    is_open_metrics = _END_OF_OPEN_METRICS.search(output) is not None
    reading = _Reading(int(now), is_open_metrics, {tag["name"]: tag["value"] for tag in tags})
    for number, line in numbered_lines(output):
        try:
            if line.startswith("#"):
                _describe(reading, line)
            else:
                yield from _sample(reading, line)
        except _Fault as fault:
            yield RefusedLine(number, str(fault))
    for histogram in reading.histograms.values():
        if histogram.count is not None and not histogram.has_last_bucket:
            value, timestamp, labels, family = histogram.count
            yield _point(reading, f"{family.name}_bucket", value, timestamp, {**labels, "le": "+Inf"}, family)


def _describe(reading: _Reading, line: str) -> None:
    comment = _COMMENT.fullmatch(line)
    if comment is None or comment[3] is None:
        return
    keyword, name, text = comment.groups()
    family = reading.families.get(name) or reading.families.setdefault(name, _Family(name))
    if keyword == "HELP":
        family.help = family.help or _unescaped(text)
        return
    kind = text.lower()
    if kind not in _KINDS:
        raise _Fault("TYPE names an unknown type")
    if family.kind != kind and (family.is_typed or family.has_samples):
        raise _Fault("a name has one TYPE, before its samples")
    family.kind, family.is_typed = kind, True


def _sample(reading: _Reading, line: str) -> Iterator[Point]:
    name, labels, at = _name_and_labels(line)
    match = _VALUE_AND_TIME.fullmatch(line, at)
    if match is None:
        raise _Fault('a line is `name{label="value",…} value timestamp`')
    value, timestamp = _number(match[1]), _timestamp(reading, match[2])
    family = _family_of(reading, name)
    suffix = name.removeprefix(family.name)
    own = dict(labels)
    _check_part(family, suffix, own, value)
    family.has_samples = True
    if family.kind == "histogram":
        _note(reading, family, suffix, own, value, timestamp)
    if not math.isnan(value):
        yield _point(reading, name, value, timestamp, own, family)


def _name_and_labels(line: str) -> tuple[str, dict[str, str], int]:
    """The name and labels of a sample, and where they end."""
    match = _NAME.match(line)
    if match is None:
        raise _Fault("a line starts with the name of a metric")
    at = match.end()
    labels: dict[str, str] = {}
    opening = _LABELS_BEGIN.match(line, at)
    if opening is None:
        if line[at : at + 1] not in (" ", "\t"):
            raise _Fault("a space follows the name of a metric")
        return match.group(), labels, at
    at = opening.end()
    while (end := _LABELS_END.match(line, at)) is None:
        label = _LABEL.match(line, at)
        if label is None or label[1] in labels or label[1] == "__name__":
            raise _Fault('labels are `name="value"`, each name once')
        labels[label[1]] = _unescaped(label[2])
        at = label.end()
    return match.group(), labels, end.end()


def _family_of(reading: _Reading, name: str) -> _Family:
    """The family of a sample: that of its name, or the typed one that its name has a suffix to."""
    families = reading.families
    if name in families:
        return families[name]
    stem, underscore, ending = name.rpartition("_")
    owner = families.get(stem) if underscore else None
    if owner is not None and f"_{ending}" in _SUFFIXES.get(owner.kind, ()):
        return owner
    return families.setdefault(name, _Family(name))


def _check_part(family: _Family, suffix: str, labels: dict[str, str], value: float) -> None:
    """Raise if a sample is not part of a histogram or summary; normalise its bound or quantile to the shortest form."""
    is_histogram = family.kind in ("histogram", "gaugehistogram", "gauge_histogram")
    if not is_histogram and family.kind != "summary":
        return
    if suffix in _COUNTS and not 0 <= value < math.inf:
        raise _Fault("counts are not negative")
    bound = "le" if suffix == "_bucket" else "quantile" if family.kind == "summary" and not suffix else None
    if bound is None:
        if not suffix:
            raise _Fault("a histogram consists of buckets, a sum and a count")
        return
    if bound not in labels:
        raise _Fault("buckets have a label `le`, quantiles a label `quantile`")
    limit = _number(labels[bound])
    if math.isnan(limit):
        raise _Fault("a bound is a number")
    labels[bound] = format_general(limit)


def _note(
    reading: _Reading, family: _Family, suffix: str, labels: dict[str, str], value: float, timestamp: int
) -> None:
    others = {name: text for name, text in labels.items() if suffix != "_bucket" or name != "le"}
    histogram = reading.histograms.setdefault((family.name, frozenset(others.items())), _Histogram())
    if suffix == "_count":
        histogram.count = (value, timestamp, others, family)
    elif suffix == "_bucket" and labels["le"] == "+Inf":
        histogram.has_last_bucket = True


def _point(
    reading: _Reading, name: str, value: float, timestamp: int, labels: dict[str, str], family: _Family
) -> Point:
    described = {"prom_type": family.kind}
    if family.help:
        described["prom_help"] = family.help
    own = {**labels, **described, **reading.tags}
    return point(name, value, timestamp, [{"name": label, "value": text} for label, text in own.items()])


def _timestamp(reading: _Reading, text: str | None) -> int:
    """Unix seconds of a timestamp."""
    if text is None:
        return reading.now
    with_fraction = _FRACTION_OF_SECONDS.fullmatch(text)
    if with_fraction is not None:
        return int(with_fraction[1])
    whole = parse_int64(text)
    if whole is None:
        raise _Fault("a timestamp is a number of milliseconds")
    return whole if reading.is_open_metrics else int(whole / 1000)


def _number(text: str) -> float:
    value = None if _NO_FLOAT & set(text) else parse_float(text)
    if value is None:
        raise _Fault("a value is a number, NaN, +Inf or -Inf")
    return value


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda match: {"n": "\n", "\\": "\\", '"': '"'}.get(match.group(1), match.group()), text)
