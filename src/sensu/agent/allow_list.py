"""The allow list: the commands that an agent may run.

Source: docs, "Agent reference", allow list; recorded scenario agent-exec-allow-list.
"""

import hashlib
import hmac
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import yaml

from sensu.errors import ConfigurationError

FILE_BYTES_MAX = 1 << 20
_BLANKS = " \t"


class AllowListEntry(msgspec.Struct, frozen=True):
    """A program with its allowed arguments, its digest, and whether a check may set environment variables."""

    exec: str
    args: tuple[str, ...]
    sha512: str = ""
    enable_env: bool = False


class AllowList:
    """The allowed commands; an empty list allows every command."""

    def __init__(self, entries: Sequence[AllowListEntry] = ()) -> None:
        self._entries = tuple(entries)

    def __bool__(self) -> bool:
        return bool(self._entries)

    def entry_for(self, command: str) -> AllowListEntry | None:
        """The first entry that matches the whole command: its program, then only listed arguments, in any order."""
        return next((entry for entry in self._entries if fits(entry, command)), None)


def fits(entry: AllowListEntry, command: str) -> bool:
    """Whether a command is the entry's program followed by listed arguments only.

    Stricter than the reference, which searches for the strings anywhere in the command, as its docs describe.
    """
    text = command.strip()
    reached = {len(entry.exec)} if _word_at(text, 0, entry.exec) else set()
    seen = set(reached)
    while reached:
        at = reached.pop()
        if at == len(text):
            return True
        start = at
        while start < len(text) and text[start] in _BLANKS:
            start += 1
        following = {start + len(arg) for arg in entry.args if arg and _word_at(text, start, arg)}
        reached |= following - seen
        seen |= following
    return False


def _word_at(text: str, start: int, word: str) -> bool:
    end = start + len(word)
    return text.startswith(word, start) and (end == len(text) or text[end] in _BLANKS)


def digest_matches(entry: AllowListEntry, command: str, environment: Mapping[str, str]) -> bool:
    """Whether the program that the shell would run for a command has the digest of the entry; reads the file."""
    if not entry.sha512:
        return True
    words = command.split(maxsplit=1)
    path = shutil.which(words[0], path=environment.get("PATH", os.defpath)) if words else None
    if path is None:
        return False
    try:
        with Path(path).open("rb") as program:
            digest = hashlib.file_digest(program, "sha512").hexdigest()
    except OSError:
        return False
    return hmac.compare_digest(digest, entry.sha512.lower())


def load(path: str) -> AllowList:
    """Reads the allow list from a YAML or JSON file; an empty path gives an empty list. Raises ConfigurationError."""
    if not path:
        return AllowList()
    if not any(extension in Path(path).suffix for extension in (".yml", ".yaml", ".json")):
        raise ConfigurationError(f"allow list {path}: invalid file extension")
    try:
        with Path(path).open("rb") as file:
            text = file.read(FILE_BYTES_MAX + 1)
    except OSError as err:
        raise ConfigurationError(f"open {path}: {(err.strerror or str(err)).lower()}") from err
    if len(text) > FILE_BYTES_MAX:
        raise ConfigurationError(f"allow list {path}: larger than {FILE_BYTES_MAX} bytes")
    return AllowList(_entries(path, _parse(path, text)))


def _parse(path: str, text: bytes) -> Any:
    try:
        if ".json" in Path(path).suffix:
            return msgspec.json.decode(text)
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - a safe loader
    except (msgspec.DecodeError, yaml.YAMLError, UnicodeDecodeError, RecursionError) as err:
        raise ConfigurationError(f"allow list {path}: {str(err).splitlines()[0]}") from err


def _entries(path: str, content: Any) -> tuple[AllowListEntry, ...]:
    try:
        entries = msgspec.convert(content if content is not None else [], tuple[AllowListEntry, ...])
    except (msgspec.ValidationError, RecursionError) as err:
        raise ConfigurationError(f"allow list {path}: {err}") from err
    for number, entry in enumerate(entries, 1):
        if not entry.exec:
            raise ConfigurationError(f"allow list {path}: entry {number}: exec must not be empty")
        if not entry.args:
            raise ConfigurationError(f"allow list {path}: entry {number}: args must not be empty")
    return entries
