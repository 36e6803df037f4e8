"""The rules of names; letters and digits are always ASCII.

Results are cached, because the same few thousand names occur in every event.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

_NAME = re.compile(r"[A-Za-z0-9_.\-:]+")
_STRICT_NAME = re.compile(r"[a-z0-9_.\-]+")
_SUBSCRIPTION = re.compile(r"[A-Za-z0-9_.\-]+(?::[A-Za-z0-9_.\-]+)?")
_ASSET_NAME = re.compile(r"[A-Za-z0-9/_.\-:]+")

_EMPTY = "must not be empty"
_BAD = "cannot contain spaces or special characters"

NAMES_REMEMBERED_MAX = 16384
REMEMBERED_LENGTH_MAX = 256
"""Longer strings are not cached, so that the cache stays small."""


def _verdict(pattern: re.Pattern[str], name: str) -> str | None:
    if not name:
        return _EMPTY
    return None if pattern.fullmatch(name) else _BAD


@lru_cache(NAMES_REMEMBERED_MAX)
def _remembered_verdict(name: str) -> str | None:
    return _verdict(_NAME, name)


def name_problem(name: str) -> str | None:
    """The problem with a name, worded to follow what it names ("check name" …), or None."""
    return _remembered_verdict(name) if len(name) <= REMEMBERED_LENGTH_MAX else _verdict(_NAME, name)


def strict_name_problem(name: str) -> str | None:
    """Like `name_problem` for user names, which are in lower case and have no colon."""
    return _verdict(_STRICT_NAME, name)


def subscription_problem(name: str) -> str | None:
    """Like `name_problem` for subscriptions, roles and bindings, which may have one colon between two words."""
    return _verdict(_SUBSCRIPTION, name)


def asset_name_problem(name: str) -> str | None:
    """The problem with an asset's name, worded to follow "asset's " or to be used alone, or None."""
    if not name:
        return "name cannot be empty"
    if _ASSET_NAME.fullmatch(name):
        return None
    return "name may only contain letters, forward slashes, underscores, dashes and numbers"


def runtime_assets_problem(names: Sequence[str] | None) -> str | None:
    """The problem of the first runtime asset whose name is not valid, or None."""
    for name in names or ():
        why = asset_name_problem(name)
        if why is not None:
            return f"asset's {why}"
    return None


def env_vars_problem(env_vars: Sequence[str] | None) -> str | None:
    """The problem with environment variables that are not of the form FOO=BAR, or None."""
    for variable in env_vars or ():
        name, _, value = variable.partition("=")
        if not name or not value:
            return "environment variables must be of the form FOO=BAR"
    return None
