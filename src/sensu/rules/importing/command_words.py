"""Commands for the shell, made of words that come from elsewhere."""

import re
import shlex
from typing import NamedTuple

from sensu.rules.importing.imported import literal


class WithVariable(NamedTuple):
    """A word that ends with the value of an environment variable."""

    text: str
    variable: str


ShellWord = str | WithVariable


def shell_command(*words: ShellWord) -> str:
    """A command whose words the shell passes on unchanged, and in which the agent finds no tokens."""
    return " ".join(_quoted(word) for word in words)


def _quoted(word: ShellWord) -> str:
    if isinstance(word, str):
        return literal(shlex.quote(word))
    before = re.sub(r'([\\"$`])', r"\\\1", word.text)
    return literal(f'"{before}${{{word.variable}}}"')
