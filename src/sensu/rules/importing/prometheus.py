"""Alerting rules of Prometheus as checks that ask the Prometheus server.

Source: Prometheus documentation, "Alerting rules" and "Recording rules".
"""

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from sensu.errors import InvalidResource
from sensu.rules.importing.check_draft import CheckDraft
from sensu.rules.importing.command_words import shell_command
from sensu.rules.importing.imported import TIMEOUT_MARGIN_S, Imported
from sensu.rules.importing.prometheus_durations import duration_s
from sensu.rules.importing.untyped import dicts, interval_of, mapping, texts

SOURCE = "Prometheus"
ENTITY = "prometheus"
INTERVAL_S, LIMIT_S = 30, 10
_WARNING = frozenset(("warning", "warn", "ticket", "minor", "medium", "low", "moderate"))
_CRITICAL = frozenset(("critical", "page", "error", "major", "high", "emergency", "fatal", "disaster", "urgent"))
_QUOTED = re.compile(r"[\"'`#]")
_LABEL = re.compile(r"\{\{-?\s*(?:\$labels\.|\.Labels\.)(\w+)\b[^}]*\}\}")
_VALUE = re.compile(r"\{\{-?[^}]*(?:\$value|\.Value)\b[^}]*\}\}")
_ACTION = re.compile(r"\{\{.*?\}\}", re.DOTALL)


def imported_from(documents: Iterable[Any], url: str, subscription: str) -> Imported:
    """The checks for the rules in files, which may be resources of the Prometheus operator."""
    imported = Imported(SOURCE, subscription)
    for document in documents:
        content = mapping(document)
        if content.get("kind") == "PrometheusRule":
            content = mapping(content.get("spec"))
        for group in dicts(content.get("groups")):
            _add_group(imported, group, url)
    return imported


def _add_group(imported: Imported, group: Mapping[str, Any], url: str) -> None:
    recorded = 0
    interval = interval_of(_seconds(group.get("interval")) or INTERVAL_S)
    for rule in dicts(group.get("rules")):
        if "record" in rule:
            recorded += 1
        elif rule.get("alert") and rule.get("expr"):
            _add_rule(imported, group, rule, interval, url)
        else:
            imported.leave_out(f'a rule of the group "{group.get("name")}"', "it has no alert, or no expr")
    if recorded:
        what = f'recording rules of the group "{group.get("name")}" ({recorded})'
        imported.leave_out(what, "Prometheus must go on evaluating them")


def _add_rule(imported: Imported, group: Mapping[str, Any], rule: Mapping[str, Any], interval: int, url: str) -> None:
    title = str(rule["alert"])
    draft = CheckDraft(imported, title)
    labels = {**texts(group.get("labels")), **texts(rule.get("labels"))}
    status = _status(draft, labels.get("severity", ""))
    for name in [name for name, value in labels.items() if "{{" in value]:
        draft.review(f"the label {name} had a template, and is left out", "interval")
        del labels[name]
    if group.get("name"):
        labels["group"] = str(group["name"])
    pending = _seconds(rule.get("for"))
    if _seconds(rule.get("keep_firing_for")):
        draft.review("keep_firing_for is not taken: the incident ends with the first good result", "interval")
    spec = {
        "command": shell_command(
            *("sensu-check", "prometheus", url, "--query", _in_one_line(str(rule["expr"])), "--alert-when", "any"),
            *(["--alert-status", "warning"] if status == "warning" else []),
        ),
        "interval": interval,
        "timeout": LIMIT_S + TIMEOUT_MARGIN_S,
        "handlers": [],
    }
    imported.add_check(
        title,
        spec,
        entity=ENTITY,
        attempts=math.ceil(pending / interval) + 1,
        labels=labels,
        annotations={name: _without_templates(value) for name, value in texts(rule.get("annotations")).items()},
        reviews=draft.reviews,
    )


def _status(draft: CheckDraft, severity: str) -> str:
    if severity.lower() in _WARNING:
        return "warning"
    if severity and severity.lower() not in _CRITICAL:
        draft.review(f'the severity "{severity}" has no status of its own: choose --alert-status')
    return "critical"


def _in_one_line(query: str) -> str:
    """A query in one line, if it has no quotes or comments, for which line breaks may matter."""
    return query.strip() if _QUOTED.search(query) else " ".join(query.split())


def _without_templates(text: str) -> str:
    """A text for people in which templates of Prometheus are names: `<instance>`, `<value>`."""
    text = _VALUE.sub("<value>", _LABEL.sub(r"<\1>", text))
    return _ACTION.sub("<…>", text).strip()


def _seconds(value: Any) -> float:
    try:
        return duration_s(str(value)) if value else 0.0
    except InvalidResource:
        return 0.0
