"""What every kind of recording is made of: scenarios that run on their own and cases that pass or fail."""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.contract.compare import Difference
from tests.contract.departures import Departures

KINDS = ("units", "transport", "agent-local", "pipeline", "sensuctl", "api")


class ScenarioFailed(Exception):
    """The scenario could not be played to its end; the text is the reason for people."""


@dataclass(frozen=True)
class CaseResult:
    """The verdict on one case: what is wrong with it, and what differs on purpose."""

    name: str
    problems: Sequence[str] = ()
    on_purpose: Sequence[str] = ()

    @property
    def passed(self) -> bool:
        return not self.problems


@dataclass
class ScenarioResult:
    """The verdicts on all cases of a scenario; `cases_named` are counted as failed when it broke off before them."""

    kind: str
    scenario: str
    cases: list[CaseResult] = field(default_factory=list)


@dataclass(frozen=True)
class Scenario:
    """One recording file to play. `case_names`: what it counts as, when it cannot be played at all."""

    kind: str
    name: str
    case_names: Sequence[str]
    play: Callable[[], Awaitable[list[CaseResult]]]
    timeout_s: float = 120.0


def verdict(kind: str, scenario: str, case: str, found: Sequence[Difference], departures: Departures) -> CaseResult:
    """The result of a case with these differences, those that are on purpose set apart."""
    problems: list[str] = []
    excused: dict[str, list[str]] = {}
    for difference in found:
        reason = departures.reason(kind, scenario, case, difference)
        if reason is None:
            problems.append(str(difference))
        else:
            excused.setdefault(reason, []).append(difference.path)
    on_purpose = [f"{reason} ({paths[0]}{_more(len(paths) - 1)})" for reason, paths in excused.items()]
    return CaseResult(case, problems, on_purpose)


def _more(count: int) -> str:
    return f" and {count} more" if count else ""


def recordings(folder: Path, pattern: str = "*.json") -> list[tuple[Path, Any]]:
    """The recording files of a folder in the order of their names; none where the folder is missing."""
    return [(path, json.loads(path.read_text(encoding="utf-8"))) for path in sorted(folder.glob(pattern))]
