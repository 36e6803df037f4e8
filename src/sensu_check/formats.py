"""The output formats of a check: nagios, prometheus, influx and json."""

import re
from collections.abc import Callable, Iterator

from sensu_check.finding import Finding, Measure
from sensu_check.ranges import Range, plain

TEXT_MAX = 1000
"""The longest line of text, in characters."""

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
_NO_NAME = re.compile(r"[^a-zA-Z0-9_]")
_QUOTED = re.compile(r"[\s='|;]")

_BASE_UNITS = {
    "s": ("seconds", 1.0),
    "ms": ("seconds", 1e-3),
    "us": ("seconds", 1e-6),
    "%": ("percent", 1.0),
    "B": ("bytes", 1.0),
    "c": ("total", 1.0),
}


def one_line(text: str) -> str:
    """A text from outside on one line: control characters become blanks, and what is too long is cut."""
    line = _CONTROLS.sub(" ", text).strip()
    return line if len(line) <= TEXT_MAX else f"{line[: TEXT_MAX - 1]}…"


def nagios(name: str, finding: Finding, verbose: bool) -> str:
    """`HTTP OK: text | performance data`, and the details on lines of their own.

    Source: Monitoring Plugins Development Guidelines, "Performance data".
    """
    head = _headline(name, finding).replace("|", "/")
    data = " ".join(map(_perfdata, finding.measures))
    details = (one_line(each).replace("|", "/") for each in (finding.details if verbose else ()))
    return "\n".join([f"{head} | {data}" if data else head, *details])


def prometheus(name: str, finding: Finding, verbose: bool) -> str:
    """The Prometheus text format: one family for each unit, with the label of the measure as a label."""
    check = _NO_NAME.sub("_", name)
    families: dict[str, list[str]] = {}
    for measure in finding.measures:
        suffix, factor = _BASE_UNITS.get(measure.unit, ("value", 1.0))
        label = measure.label.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
        line = f'sensu_check_{check}_{suffix}{{measure="{label}"}} {plain(measure.value * factor)}'
        families.setdefault(f"sensu_check_{check}_{suffix}", []).append(line)
    families[f"sensu_check_{check}_status"] = [f"sensu_check_{check}_status {int(finding.overall)}"]
    lines = [f"# {_headline(name, finding)}"]
    for family, samples in families.items():
        lines += [f"# TYPE {family} {'counter' if family.endswith('_total') else 'gauge'}", *samples]
    return "\n".join(lines)


def influx(name: str, finding: Finding, verbose: bool) -> str:
    """The InfluxDB line protocol: a line for each measure, and one for the status."""
    check = _NO_NAME.sub("_", name)
    lines = [f"# {_headline(name, finding)}", f"sensu_check_{check} status={int(finding.overall)}"]
    for measure in finding.measures:
        label = re.sub(r"([,= ])", r"\\\1", measure.label)
        unit = f",unit={measure.unit}" if measure.unit else ""
        lines.append(f"sensu_check_{check},measure={label}{unit} value={plain(measure.value)}")
    return "\n".join(lines)


def as_json(name: str, finding: Finding, verbose: bool) -> str:
    """One JSON object with everything that was found."""
    import json  # noqa: PLC0415 - costs 7 ms at each start, and only this format needs it

    return json.dumps(
        {
            "check": name,
            "status": int(finding.overall),
            "state": finding.overall.name,
            "text": one_line(finding.text),
            "details": list(map(one_line, finding.details)),
            "measures": [
                {
                    "label": measure.label,
                    "value": round(measure.value, 9),
                    "unit": measure.unit,
                    "warning": _range(measure.warning) or None,
                    "critical": _range(measure.critical) or None,
                    "min": measure.least,
                    "max": measure.most,
                }
                for measure in finding.measures
            ],
        },
        ensure_ascii=False,
    )


FORMATS: dict[str, Callable[[str, Finding, bool], str]] = {
    "nagios": nagios,
    "prometheus": prometheus,
    "influx": influx,
    "json": as_json,
}


def _headline(name: str, finding: Finding) -> str:
    return f"{name.upper()} {finding.overall.name}: {one_line(finding.text)}"


def _perfdata(measure: Measure) -> str:
    label = _CONTROLS.sub(" ", measure.label)
    if _QUOTED.search(label):
        label = "'" + label.replace("'", "''").replace("=", "_") + "'"
    return f"{label}={';'.join(_parts(measure)).rstrip(';')}"


def _parts(measure: Measure) -> Iterator[str]:
    yield f"{plain(measure.value)}{measure.unit}"
    yield _range(measure.warning)
    yield _range(measure.critical)
    yield "" if measure.least is None else plain(measure.least)
    yield "" if measure.most is None else plain(measure.most)


def _range(limits: Range | None) -> str:
    return "" if limits is None else str(limits)
