"""The names and versions of integrations.

Source: docs, "Catalog tags and versions"; semantic versioning 2.0.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from sensu.errors import InvalidResource

SNAPSHOT = "99991231.0.0"
"""The version of an integration that is read from a folder, newer than any release."""
_WORD = "[a-z0-9_-]+"
_IDENTIFIERS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_NUMBER = "(?:0|[1-9][0-9]{0,17})"
_VERSION = re.compile(
    rf"(?P<major>{_NUMBER})\.(?P<minor>{_NUMBER})\.(?P<patch>{_NUMBER})(?:-(?P<pre>{_IDENTIFIERS}))?(?:\+{_IDENTIFIERS})?"
)
_NAME = re.compile(rf"(?P<namespace>{_WORD})/(?P<name>{_WORD})(?:@(?P<version>.+))?")
_TAG = re.compile(rf"(?P<namespace>{_WORD})/(?P<name>{_WORD})/(?P<version>.+)")
LENGTH_MAX = 128


class IntegrationName(NamedTuple):
    """`namespace/name@version`; the version may be empty."""

    namespace: str
    name: str
    version: str = ""

    @property
    def full(self) -> str:
        """`namespace/name`."""
        return f"{self.namespace}/{self.name}"

    def __str__(self) -> str:
        return f"{self.full}@{self.version}" if self.version else self.full


def parse_name(text: str) -> IntegrationName:
    """The integration that a text names; raises InvalidResource."""
    match = _NAME.fullmatch(text)
    if match is None or len(text) > LENGTH_MAX:
        raise InvalidResource(
            f"{text!r} is not the name of an integration: "
            "use NAMESPACE/NAME or NAMESPACE/NAME@VERSION, with lower-case letters, digits, - and _"
        )
    version = match["version"] or ""
    if version and not is_version(version):
        raise InvalidResource(f"{version!r} is not a version: use MAJOR.MINOR.PATCH, for example 20220421.0.0")
    return IntegrationName(match["namespace"], match["name"], version)


def named_by_tag(tag: str) -> IntegrationName | None:
    """The version that a tag of Git publishes: `nginx/nginx-monitoring/20220125.0.0`; None for other tags."""
    match = _TAG.fullmatch(tag)
    if match is None or len(tag) > LENGTH_MAX or not is_version(match["version"]):
        return None
    return IntegrationName(*match.group("namespace", "name", "version"))


def is_part_of_a_name(text: str) -> bool:
    """Whether a text can be the namespace or the name of an integration."""
    return len(text) <= LENGTH_MAX and re.fullmatch(_WORD, text) is not None


def is_version(text: str) -> bool:
    """Whether a text is a semantic version."""
    return len(text) <= LENGTH_MAX and _VERSION.fullmatch(text) is not None


VersionOrder = tuple[int, int, int, bool, tuple[tuple[bool, int, str], ...]]


def version_order(version: str) -> VersionOrder:
    """The sort key of a version: a release comes after its candidates, a text that is no version first."""
    match = _VERSION.fullmatch(version)
    if match is None:
        return -1, -1, -1, False, ()
    candidate = match["pre"] or ""
    parts = tuple(
        (not part.isdecimal(), int(part) if part.isdecimal() else 0, part)
        for part in (candidate.split(".") if candidate else ())
    )
    return int(match["major"]), int(match["minor"]), int(match["patch"]), not candidate, parts


def newest(versions: Iterable[str]) -> str:
    """The newest version, empty if there are none."""
    return max(versions, key=version_order, default="")
