"""Messages by templates of users."""

from typing import Any

import pytest

from sensu.resources.handler import NotifyTemplate
from sensu.rules.event_links import EventLinks
from sensu.rules.notify.message import AlertMessage
from sensu.rules.notify.template import template_problems, templated

BUILT_IN = AlertMessage("title", "text", "markdown", "<p>html</p>", "critical")
EVENT: dict[str, Any] = {
    "entity": {"metadata": {"name": "web1", "labels": {"region": "eu <1>", "text": "<b>"}}},
    "check": {"metadata": {"name": "shop"}, "status": 2, "output": "a & b"},
}


def made(links: EventLinks | None = None, **parts: str) -> AlertMessage:
    return templated(BUILT_IN, NotifyTemplate(**parts), EVENT, "problem", links)


def test_a_template_has_the_event_and_the_built_in_message() -> None:
    """Tokens are the fields of the entity and check, what happened, links, and the built-in title and text."""
    links = EventLinks("https://e", "https://s")
    found = made(
        links,
        title="{{ .entity.name }}/{{ .check.name }} {{ .severity }}\n({{ .happened }})",
        text="{{ .check.output }} in {{ .entity.labels.region }}\n{{ .text }} {{ .urls.event }}",
    )
    assert found.title == "web1/shop critical (problem)"
    assert found.text == found.markdown == "a & b in eu <1>\ntext https://e"
    assert found.html == '<p>a &amp; b in eu &lt;1&gt;<br>text <a href="https://e">https://e</a></p>'


def test_values_are_text_in_html() -> None:
    """Whatever an event has is escaped in a template of HTML; the built-in HTML is not."""
    found = made(html="<h1>{{ .check.output }} {{ .entity.labels.region }} {{ .entity.labels.text }}</h1>{{ .text }}")
    assert found.html == "<h1>a &amp; b eu &lt;1&gt; &lt;b&gt;</h1><p>html</p>"
    assert (found.title, found.text) == ("title", "text")


def test_no_message_is_lost_for_a_template() -> None:
    """A template that the event has no token for leaves the built-in part, and the message says why."""
    found = made(title="{{ .entity.labels.missing }}", text="{{ .check.output }}")
    assert found.title == "title"
    assert found.text.startswith("a & b\n\nnotify.template.title: unmatched token")


def test_an_empty_result_is_no_title() -> None:
    """A message always has a title."""
    assert made(title="{{ if eq .check.status 0 }}fine{{ end }}").title == "title"


@pytest.mark.parametrize(
    ("parts", "problems"),
    [
        ({"title": "{{ .entity.name }}", "text": "{{ .text }}"}, []),
        ({"title": "{{ .entity.name "}, ["title"]),
        ({"html": "{{ nosuch }}", "text": "x" * 20_001}, ["text", "html"]),
    ],
)
def test_templates_that_cannot_be_parsed_are_refused(parts: dict[str, str], problems: list[str]) -> None:
    """A mistake in a template is found when the handler is created."""
    assert [part for part, _ in template_problems(NotifyTemplate(**parts))] == problems
