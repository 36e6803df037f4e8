"""Makes text from other sources safe to show on a terminal.

Control characters move the cursor, change titles and colours, or send keys; format characters such as U+202E or U+200B
make a name look like another. Both are replaced by escapes.
"""

import re

_UNSAFE = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # all control characters but tab and line feed
    "\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f"
    "]"
)
"""Control and format characters, separators of lines and paragraphs, and halves of surrogate pairs."""
_ZERO_WIDTH_JOINER = "\u200d"


def clean(text: str) -> str:
    """The text without characters that control a terminal or hide text; line breaks, tabs and emoji are kept."""
    return text if text.isprintable() else _UNSAFE.sub(_backslash, text)


def clean_json(text: str) -> str:
    r"""JSON with the same value, whose unsafe characters are `\u` escapes."""
    return _UNSAFE.sub(_json_escape, text)


def is_safe(text: str) -> bool:
    """Whether `clean` leaves a text as it is."""
    return text.isprintable() or clean(text) == text


def _joins(match: re.Match[str]) -> bool:
    """Whether a joiner stands between two characters that are not ASCII, as in emoji and in scripts that need it."""
    text, at = match.string, match.start()
    if match.group() != _ZERO_WIDTH_JOINER or not 0 < at < len(text) - 1:
        return False
    return ord(text[at - 1]) > 127 and ord(text[at + 1]) > 127 and _ZERO_WIDTH_JOINER not in text[at - 1 : at + 2 : 2]


def _backslash(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x100:
        return f"\\x{code:02x}"
    if _joins(match):
        return match.group()
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _json_escape(match: re.Match[str]) -> str:
    if _joins(match):
        return match.group()
    code = ord(match.group())
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
