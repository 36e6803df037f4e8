"""The rules of licenses, and the labels with the numbers of entities.

Source: docs, "License API", "License reference" (labels `sensu.io/entity-count` and `sensu.io/entity-limit`).
"""

from collections.abc import Iterator, Mapping

import msgspec

from sensu.resources.entity import AGENT_CLASS, PROXY_CLASS
from sensu.resources.kinds import LICENSE
from sensu.resources.license import License, LicenseFile
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules
from sensu.rules.selectors.selectable import NAME, Selectable

FEATURES_MAX = 1_000
UNLIMITED = "0"
COUNT_LABEL = "sensu.io/entity-count"
LIMIT_LABEL = "sensu.io/entity-limit"
CLASS_COUNT_LABELS = {one: f"sensu.io/{one}-entity-count" for one in (AGENT_CLASS, PROXY_CLASS)}


def completed(license_file: LicenseFile, username: str, now: float) -> LicenseFile:
    """The license under the only name that there is, without labels, which say how many entities there are now."""
    named = msgspec.structs.replace(license_file.metadata, name=LICENSE.segment, namespace="", labels={})
    return msgspec.structs.replace(license_file, metadata=named)


def problems(license_file: LicenseFile) -> Iterator[FieldProblem]:
    """The rules that a license breaks."""
    if license_file.license == License():
        yield FieldProblem("license", "license must be set")
    if len(license_file.license.features or ()) > FEATURES_MAX:
        yield FieldProblem("license.features", f"license.features must have at most {FEATURES_MAX} entries")


def labels(entities: Mapping[str, int]) -> dict[str, str]:
    """The labels of the license, given the number of entities of each class."""
    classes = {label: str(entities.get(one, 0)) for one, label in CLASS_COUNT_LABELS.items()}
    return {COUNT_LABEL: str(sum(entities.values())), LIMIT_LABEL: UNLIMITED, **classes}


NOTICE = "every feature is open: no license is needed, and this one grants nothing"
"""What clients learn that store a license."""

RULES = KindRules(
    problems=problems,
    completed=completed,
    selectable=Selectable("license", NAME),
    notice=lambda _: NOTICE,
)
