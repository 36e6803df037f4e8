"""The part of a failed handler's or mutator's output that can be shown: its last line, without secrets."""

import base64
import json
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

from sensu.rules.redaction import REDACTED

LINE_CHARACTERS_MAX = 300
"""A longer line is truncated."""
TAIL_CHARACTERS = 64 * 1024
"""The last line is searched in this many characters at the end of the output."""
PART_CHARACTERS_MIN = 8
"""Lines of a multi-line secret that have at least this length are also hidden individually."""

_BYTES = "surrogateescape"
"""How bytes that are not UTF-8 are represented in variables."""


def last_line(output: str, secrets: Iterable[str] = ()) -> str:
    """The last line that is not blank, as printable text; empty if there is none."""
    tail = without(output[-TAIL_CHARACTERS:], secrets)
    line = next((line.strip() for line in reversed(tail.splitlines()) if line.strip()), "")
    shown = line if len(line) <= LINE_CHARACTERS_MAX else f"{line[:LINE_CHARACTERS_MAX]}…"
    return printable(shown)


def without(text: str, secrets: Iterable[str]) -> str:
    """The text with secrets replaced, including their forms in URLs, JSON and Base64."""
    forms = {form for secret in secrets for form in _forms(secret) if form}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, REDACTED)
    return text


def _forms(secret: str) -> Iterator[str]:
    for part in (secret, secret.strip(), *_long_lines(secret)):
        yield from (part, json.dumps(part)[1:-1])
        yield from (quote(part, errors=_BYTES), quote(part, "", errors=_BYTES), quote_plus(part, errors=_BYTES))
        if len(part) >= PART_CHARACTERS_MIN:
            yield base64.b64encode(part.encode("utf-8", _BYTES)).decode().rstrip("=")


def _long_lines(secret: str) -> Iterator[str]:
    return (line for line in secret.splitlines() if len(line) >= PART_CHARACTERS_MIN)


def printable(text: str) -> str:
    """The text with control and format characters written as escape sequences."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)


def failure(what: str, output: str, secrets: Iterable[str] = ()) -> str:
    """The message for a failed command, with the last line of its output."""
    line = last_line(output, secrets)
    return f"{what}: {line}" if line else what
