"""What the types of authentication providers have in common.

Source: docs, "Authentication API" (`types`).
"""

import re
from collections.abc import Iterator

from sensu.rules.kinds.kind_rules import FieldProblem, KindRules
from sensu.rules.selectors.selectable import NAME, Selectable, SelectableField

_NAME = re.compile(r"[A-Za-z0-9_.\-]+")


def name_problems(name: str) -> Iterator[FieldProblem]:
    """The rule that the name of a provider breaks."""
    if not _NAME.fullmatch(name):
        yield FieldProblem("metadata.name", "name must consist of letters, digits, underscores, dots and hyphens")


RULES = KindRules(selectable=Selectable("authprovider", {**NAME, "type": SelectableField(("type",))}))
