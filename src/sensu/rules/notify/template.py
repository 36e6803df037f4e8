"""Messages by templates of users, with the tokens of checks: `{{ .check.name }}`, `{{ .entity.labels.region }}`."""

import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

import msgspec

from sensu.errors import InvalidResource
from sensu.resources.handler import NotifyTemplate
from sensu.rules.event_links import EventLinks
from sensu.rules.flattened import flattened_check, flattened_entity
from sensu.rules.notify.message import TITLE_CHARACTERS_MAX, AlertMessage
from sensu.rules.templates.faults import SyntaxFault
from sensu.rules.templates.parser import parse
from sensu.rules.tokens import substitute

PARTS = ("title", "text", "html")
TEMPLATE_CHARACTERS_MAX = 20_000
RESULT_CHARACTERS_MAX = 20_000
"""A longer part of a message is cut."""


def template_problems(template: NotifyTemplate) -> Iterator[tuple[str, str]]:
    """The parts that cannot be parsed, with the reason."""
    for part in PARTS:
        text: str = getattr(template, part)
        if len(text) > TEMPLATE_CHARACTERS_MAX:
            yield part, f"must have at most {TEMPLATE_CHARACTERS_MAX} characters"
            continue
        try:
            parse(text)
        except SyntaxFault as fault:
            yield part, f"is not a valid template: line {fault.line}: {fault.message}"


def templated(
    message: AlertMessage,
    template: NotifyTemplate | None,
    event: Mapping[str, Any],
    happened: str,
    links: EventLinks | None,
) -> AlertMessage:
    """The message with the parts of a template.

    A part that fails, because of a token that the event does not have, stays the built-in one, and the text says why:
    an alert is never lost for a template.
    """
    if template is None:
        return message
    context = {**_context(event, links), "title": message.title, "severity": message.severity, "happened": happened}
    of_part = {
        "title": {**context, "text": message.text},
        "text": {**context, "text": message.text},
        "html": {**_escaped(context), "text": message.html},
    }
    parts, faults = dict[str, str](), list[str]()
    for part in PARTS:
        text: str = getattr(template, part)
        if not text:
            continue
        try:
            parts[part] = str(substitute(text, of_part[part], f"notify.template.{part}"))
        except InvalidResource as err:
            faults.append(str(err))
    return _with_faults(_replaced(message, parts), faults)


def _replaced(message: AlertMessage, parts: Mapping[str, str]) -> AlertMessage:
    """The message with other parts; a text is also the Markdown, and the HTML unless that is given."""
    title = " ".join(parts["title"].split())[:TITLE_CHARACTERS_MAX] if parts.get("title") else message.title
    changed = msgspec.structs.replace(message, title=title or message.title)
    if "text" in parts:
        text = parts["text"][:RESULT_CHARACTERS_MAX]
        changed = msgspec.structs.replace(changed, text=text, markdown=text, html=as_html(text))
    if "html" in parts:
        changed = msgspec.structs.replace(changed, html=parts["html"][:RESULT_CHARACTERS_MAX])
    return changed


def _with_faults(message: AlertMessage, faults: list[str]) -> AlertMessage:
    if not faults:
        return message
    note = "\n\n" + "\n".join(faults)
    return msgspec.structs.replace(
        message, text=message.text + note, markdown=message.markdown + note, html=message.html + as_html(note.strip())
    )


def as_html(text: str) -> str:
    """Plain text as HTML, with its line breaks, and with links for its URLs."""
    linked = re.sub(r"https?://[^\s<>\"]+", r'<a href="\g<0>">\g<0></a>', escape(text, quote=False))
    return "<p>" + linked.replace("\n", "<br>") + "</p>"


def _context(event: Mapping[str, Any], links: EventLinks | None) -> dict[str, Any]:
    urls = {"event": links.event, "silence": links.silence} if links is not None else {"event": "", "silence": ""}
    return {
        "entity": flattened_entity(event.get("entity") or {}),
        "check": flattened_check(event.get("check") or {}),
        "id": event.get("id") or "",
        "timestamp": event.get("timestamp") or 0,
        "urls": urls,
    }


def _escaped(value: Any) -> Any:
    """The value with every text in it safe in HTML."""
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, Mapping):
        return {key: _escaped(part) for key, part in value.items()}
    return [_escaped(part) for part in value] if isinstance(value, list | tuple) else value
