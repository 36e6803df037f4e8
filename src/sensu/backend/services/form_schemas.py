"""The forms of kinds, as JSON Schemas."""

from functools import cache

import msgspec

from sensu.backend.services.outcomes import Found, NotFound, Refusal
from sensu.rules.etag import etag
from sensu.rules.forms.schema import schema_of
from sensu.rules.forms.table import FORMS, form_of, word_of


def form_schema(word: str) -> Found | Refusal:
    """The schema of the form that is called by this word."""
    form = form_of(word)
    if form is None:
        known = ", ".join(sorted(word_of(kind) for kind in FORMS))
        return NotFound(f"{word} has no form; the kinds with a form are {known}")
    return _found(word)


@cache
def _found(word: str) -> Found:
    form = form_of(word)
    assert form is not None
    body = msgspec.json.encode(schema_of(form))
    return Found(body, etag(body))
