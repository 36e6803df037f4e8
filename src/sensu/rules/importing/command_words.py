"""Commands for the shell, made of words that come from elsewhere."""

import re
import shlex
from typing import NamedTuple

from sensu.rules.importing.imported import literal


class ShellVariable(NamedTuple):
    """The value of an environment variable."""

    name: str


ShellWord = str | tuple[str | ShellVariable, ...]
"""A text, or several parts that make up one word."""


def shell_command(*words: ShellWord, passes: int = 1) -> str:
    """A command whose words the shell passes on unchanged, and in which no tokens are found in `passes` passes."""
    return " ".join(literal(shlex.quote(word) if isinstance(word, str) else _joined(word), passes) for word in words)


def _joined(parts: tuple[str | ShellVariable, ...]) -> str:
    shown = (
        f"${{{one.name}}}" if isinstance(one, ShellVariable) else re.sub(r'([\\"$`])', r"\\\1", one) for one in parts
    )
    return f'"{"".join(shown)}"'
