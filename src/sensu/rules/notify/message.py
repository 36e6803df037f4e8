"""What messages say about an event, in plain text, Markdown and HTML."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any, NamedTuple

import msgspec

from sensu.rules.event_links import EventLinks
from sensu.rules.notify.incidents import incident_began
from sensu.rules.notify.occasions import CHANGED, FLAPS, PROBLEM, REPEATED, RESOLVED
from sensu.rules.severity import WORDS, severity_of

OUTPUT_CHARACTERS_MAX = 500
TITLE_CHARACTERS_MAX = 200
LABELS_ANNOTATION = "sensu.io/notify-labels"
"""An annotation of the check or entity: the labels that messages show, separated by commas."""
RUNBOOK_ANNOTATIONS = ("sensu.io/runbook", "runbook_url", "runbook")
"""Annotations of the check or entity whose value is shown as the runbook; the first that is set."""
TEST_MARK = "Test: "

CRITICAL, WARNING, UNKNOWN, PASSING = WORDS
SIGNS = {CRITICAL: "🔴", WARNING: "🟡", UNKNOWN: "🟣", PASSING: "🟢"}
_OK = "OK"
_MARKDOWN = re.compile(r"([\\`*_\[\]<>])")


class AlertMessage(msgspec.Struct, frozen=True):
    """A message in three formats.

    `severity` is one of `critical`, `warning`, `unknown` and `passing`, `link` the page of the event in the web UI
    (empty: not known).
    """

    title: str
    text: str
    markdown: str
    html: str
    severity: str
    link: str = ""


class _Fact(NamedTuple):
    name: str
    value: str
    is_link: bool = False


def message_of(
    event: Mapping[str, Any], occasion: str, links: EventLinks | None = None, since: int = 0
) -> AlertMessage:
    """The message about an event in JSON; `since` is when its incident began (0: found in its history)."""
    entity, check = _metadata(event.get("entity")), event.get("check") or {}
    severity = WORDS[severity_of(int(check.get("status") or 0))]
    began = since or incident_began(check)
    title = f"{SIGNS[severity]} {_subject(entity, check)} {_happened(check, occasion, began)}"
    output = shown_output(str(check.get("output") or ""))
    facts = [*_about(check, occasion, began), *_labelled(event), *_linked(event, links)]
    bodies = (_text(output, facts), _markdown(output, facts), _html(output, facts))
    return AlertMessage(_cut(title, TITLE_CHARACTERS_MAX), *bodies, severity, "" if links is None else links.event)


def shown_output(output: str) -> str:
    """The first lines of an output without its performance data."""
    lines = [line.partition("|")[0].rstrip() for line in output[: 8 * OUTPUT_CHARACTERS_MAX].strip().splitlines()]
    return _cut("\n".join(lines).strip(), OUTPUT_CHARACTERS_MAX)


def spoken_duration(seconds: float) -> str:
    """A duration with its two largest units: `45 s`, `12 min`, `3 h 20 min`, `2 d 4 h`."""
    left, parts = int(max(seconds, 0)), list[str]()
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
        if unit == "min" and parts:
            break
    return " ".join(parts[:2]) or "0 s"


def spoken_time(at: float) -> str:
    """A time in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _happened(check: Mapping[str, Any], occasion: str, began: int) -> str:
    status = int(check.get("status") or 0)
    word = WORDS[severity_of(status)] if status else _OK
    if severity_of(status) == WORDS.index(UNKNOWN):
        word = f"{UNKNOWN} (status {status})"
    seconds = int(check.get("executed") or 0) - began if began else 0
    lasted = spoken_duration(seconds) if seconds > 0 else ""
    if occasion == RESOLVED:
        return f"recovered after {lasted}" if lasted else "recovered"
    if occasion == REPEATED:
        return f"is still {word}" + (f" after {lasted}" if lasted else "")
    if occasion == CHANGED:
        return f"is now {word}"
    return f"is flapping ({word})" if occasion == FLAPS else f"is {word}"


def _subject(entity: Mapping[str, Any], check: Mapping[str, Any]) -> str:
    return "/".join(str(part) for part in (entity.get("name"), _metadata(check).get("name")) if part)


def _about(check: Mapping[str, Any], occasion: str, began: int) -> Sequence[_Fact]:
    found = []
    if began and occasion in (PROBLEM, CHANGED, REPEATED, RESOLVED):
        found.append(_Fact("Since" if occasion != RESOLVED else "Began", spoken_time(began)))
    occurrences = int(check.get("occurrences") or 0)
    if check.get("status") and occurrences > 1:
        found.append(_Fact("Occurrences", str(occurrences)))
    return found


def _labelled(event: Mapping[str, Any]) -> Sequence[_Fact]:
    """The labels that an annotation of the check or entity chooses, and the runbook."""
    places = [_metadata(event.get("check")), _metadata(event.get("entity"))]
    wanted: dict[str, None] = {}
    for place in places:
        for name in str((place.get("annotations") or {}).get(LABELS_ANNOTATION, "")).split(","):
            wanted[name.strip()] = None
    labels = {**(places[1].get("labels") or {}), **(places[0].get("labels") or {})}
    found = [_Fact(name, str(labels[name])) for name in wanted if name in labels]
    annotations = {**(places[1].get("annotations") or {}), **(places[0].get("annotations") or {})}
    runbook = next((str(annotations[name]) for name in RUNBOOK_ANNOTATIONS if annotations.get(name)), "")
    return [*found, _Fact("Runbook", runbook, runbook.startswith(("https://", "http://")))] if runbook else found


def _linked(event: Mapping[str, Any], links: EventLinks | None) -> Sequence[_Fact]:
    if links is None:
        return []
    found = [_Fact("Event", links.event, True)]
    if (event.get("check") or {}).get("status"):
        found.append(_Fact("Silence for 1 h", links.silence, True))
    return found


def _text(output: str, facts: Sequence[_Fact]) -> str:
    lines = [f"{fact.name}: {fact.value}" for fact in facts]
    return "\n\n".join(part for part in (output, "\n".join(lines)) if part)


def _markdown(output: str, facts: Sequence[_Fact]) -> str:
    fenced = "```\n{}\n```".format(output.replace("```", "'''")) if output else ""
    lines = [f"**{fact.name}:** {fact.value if fact.is_link else as_markdown(fact.value)}  " for fact in facts]
    return "\n".join(part for part in (fenced, "\n".join(lines).rstrip()) if part)


def as_markdown(text: str) -> str:
    """Text in which nothing is Markdown."""
    return _MARKDOWN.sub(r"\\\1", text)


def _html(output: str, facts: Sequence[_Fact]) -> str:
    lines = "<br>".join(f"<b>{escape(fact.name)}:</b> {_html_value(fact)}" for fact in facts)
    fenced = f"<pre>{escape(output, quote=False)}</pre>" if output else ""
    return fenced + (f"<p>{lines}</p>" if lines else "")


def _html_value(fact: _Fact) -> str:
    """Links show their URL, because services that make plain text of HTML keep nothing else of them."""
    value = escape(fact.value)
    return f'<a href="{value}">{value}</a>' if fact.is_link else value


def _metadata(part: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return (part or {}).get("metadata") or {}


def _cut(text: str, characters_max: int) -> str:
    return text if len(text) <= characters_max else f"{text[: characters_max - 1]}…"
