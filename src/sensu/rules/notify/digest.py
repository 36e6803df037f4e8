"""The message about many events at once."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from sensu.rules.notify.message import SIGNS, AlertMessage, as_markdown
from sensu.rules.notify.occasions import PROBLEM, RESOLVED
from sensu.rules.severity import PASSING, WORDS, severity_of

LINES_PER_CHECK_MAX, CHECKS_MAX = 10, 20
LINE_CHARACTERS_MAX = 120
DIGEST = "digest"
"""What such a message says, beside the words of `occasions.py`."""


class DigestItem(NamedTuple):
    """An event in a digest: what happened, and whether it was over before the digest was sent."""

    entity: str
    check: str
    status: int
    happened: str
    line: str = ""
    is_over: bool = False


def digest_of(items: Sequence[DigestItem], link: str = "") -> AlertMessage:
    """The message about several events; `link` is the list of events in the web UI (empty: not known)."""
    going_on = [one for one in items if not one.is_over and one.happened != RESOLVED and one.status]
    over = [one for one in items if not one.is_over and one.happened == RESOLVED]
    others = [one for one in items if not one.is_over and one.happened != RESOLVED and not one.status]
    passed = sum(1 for one in items if one.is_over and one.happened == PROBLEM)
    severity = min((severity_of(one.status) for one in going_on), default=PASSING)
    title = f"{SIGNS[WORDS[severity]]} {_title(going_on, over, others, passed)}"
    sections = [*_sections(going_on), *_recovered(over)]
    tail = [f"{_count(passed, 'problem')} came and went"] if passed else []
    tail += [f"Events: {link}"] if link else []
    text = "\n\n".join([*("\n".join([head, *lines]) for head, lines in sections), *tail])
    markdown = "\n".join([*(f"**{as_markdown(head)}**\n{_list(lines)}\n" for head, lines in sections), *tail])
    html = "".join(f"<p><b>{escape(head)}</b><br>{'<br>'.join(map(escape, lines))}</p>" for head, lines in sections)
    html += "".join(f"<p>{_linked(line)}</p>" for line in tail)
    return AlertMessage(title, text, markdown, html, WORDS[severity], link)


def _title(
    going_on: Sequence[DigestItem], over: Sequence[DigestItem], others: Sequence[DigestItem], passed: int
) -> str:
    hosts = len({one.entity for one in going_on})
    parts = []
    if going_on:
        parts.append(f"{_count(len(going_on), 'problem')} on {_count(hosts, 'host')}")
    if over:
        parts.append(f"{len(over)} recovered")
    if others:
        parts.append(_count(len(others), "other result"))
    return ", ".join(parts) or f"{_count(passed, 'problem')} came and went"


def _sections(items: Sequence[DigestItem]) -> list[tuple[str, list[str]]]:
    """The checks with most events first; below each, its entities, the most severe first."""
    by_check: dict[str, list[DigestItem]] = {}
    for one in items:
        by_check.setdefault(one.check, []).append(one)
    ordered = sorted(by_check.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    sections = [(f"{check} ({len(found)})", _lines(found)) for check, found in ordered[:CHECKS_MAX]]
    left = ordered[CHECKS_MAX:]
    if left:
        sections.append((f"{_count(len(left), 'other check')} ({sum(len(found) for _, found in left)})", []))
    return sections


def _lines(items: Sequence[DigestItem]) -> list[str]:
    ordered = sorted(items, key=lambda one: (severity_of(one.status), one.entity))
    lines = [f"{one.entity} {WORDS[severity_of(one.status)]}{_said(one)}" for one in ordered[:LINES_PER_CHECK_MAX]]
    return [*lines, f"and {len(items) - LINES_PER_CHECK_MAX} more"] if len(items) > LINES_PER_CHECK_MAX else lines


def _said(one: DigestItem) -> str:
    line = one.line.strip().partition("\n")[0].partition("|")[0].strip()
    return f": {line[:LINE_CHARACTERS_MAX]}" if line else ""


def _recovered(items: Sequence[DigestItem]) -> list[tuple[str, list[str]]]:
    names = sorted(f"{one.entity}/{one.check}" for one in items)
    lines = names[:LINES_PER_CHECK_MAX]
    if len(names) > LINES_PER_CHECK_MAX:
        lines.append(f"and {len(names) - LINES_PER_CHECK_MAX} more")
    return [(f"Recovered ({len(names)})", lines)] if names else []


def _list(lines: Sequence[str]) -> str:
    return "\n".join(f"- {as_markdown(line)}" for line in lines)


def _linked(line: str) -> str:
    name, separator, url = line.partition(": ")
    return f'{name}: <a href="{escape(url)}">{escape(url)}</a>' if separator else escape(line)


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
