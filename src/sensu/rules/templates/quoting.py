"""Go's quoted strings: parsed in templates, written by `%q`."""

import re
import unicodedata

_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", "'": "'", '"': '"'}
_WRITTEN = {character: letter for letter, character in _SIMPLE.items() if letter not in "'\""}
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))", re.DOTALL)


class _BadEscape(Exception):
    """The string contains an invalid escape."""


def unquote(source: str) -> str | None:
    """The value of a quoted string or character, given without its quotes; None if it contains an invalid escape."""
    quote = source[0]
    try:
        return _ESCAPE.sub(lambda match: _unescape(match, quote), source[1:-1])
    except _BadEscape:
        return None


def _unescape(match: re.Match[str], quote: str) -> str:
    byte, short, long, octal, simple = match.groups()
    if simple is not None:
        if simple not in _SIMPLE or (simple in "'\"" and simple != quote):
            raise _BadEscape
        return _SIMPLE[simple]
    code = int(octal, 8) if octal else int(byte or short or long, 16)
    if code > 0x10FFFF or 0xD800 <= code < 0xE000 or (octal and code > 0xFF):
        raise _BadEscape
    return chr(code)


def quote(text: str, mark: str = '"', ascii_only: bool = False) -> str:
    """The text as a Go literal between `mark`s; unprintable characters are escaped."""
    return mark + "".join(_written(character, mark, ascii_only) for character in text) + mark


def _written(character: str, mark: str, ascii_only: bool) -> str:
    if character in (mark, "\\"):
        return f"\\{character}"
    if character == " " or (character.isascii() and character.isprintable()):
        return character
    if not ascii_only and not character.isascii() and unicodedata.category(character)[0] in "LMNPS":
        return character
    if character in _WRITTEN:
        return f"\\{_WRITTEN[character]}"
    code = ord(character)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
