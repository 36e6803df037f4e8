"""Which files a provider of secrets may read."""

import posixpath
import re
from collections.abc import Iterable

STEPS_MAX = 3
"""The maximum number of names in the path of a file."""

_STEP = re.compile(r"[A-Za-z0-9_\-][A-Za-z0-9._\-]*|\.[A-Za-z0-9_\-][A-Za-z0-9._\-]*")
"""A plain name; `..` and names that begin with it are none."""


def is_plain_path(path: str) -> bool:
    """Whether a path leads to a file in a directory or below it, by plain names."""
    steps = path.split("/")
    return len(steps) <= STEPS_MAX and all(map(_STEP.fullmatch, steps))


def is_directory_path(path: str) -> bool:
    """Whether a path is absolute and leads nowhere else than it says."""
    return path.startswith("/") and "\0" not in path and posixpath.normpath(path) == path.rstrip("/")


def is_within(path: str, roots: Iterable[str]) -> bool:
    """Whether an absolute path is that of one of the roots, or below it."""
    return any(path == root or path.startswith(root.rstrip("/") + "/") for root in roots)
