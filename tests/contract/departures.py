"""Where our programs answer better than the recordings on purpose, read from `departures.json`.

Each rule names the sentence of the list of differences it stands for (`reason`) and what it is about: patterns (regular
expressions, searched) for the `kind`, the `scenario`, the `case`, the `path` of the difference, the recorded
(`want`) and our value (`got`). A difference that every given pattern fits is accepted. `repeats` holds the commands of
handlers that are called again with the same event.
"""

import json
import re
from pathlib import Path
from typing import Any

from tests.contract.compare import Difference

RULES_FILE = Path(__file__).with_name("departures.json")


class Departures:
    """The rules; none with `Departures([])`."""

    def __init__(self, rules: list[dict[str, Any]], repeats: list[dict[str, Any]] | None = None) -> None:
        self._rules = rules
        self._repeats = repeats or []

    @classmethod
    def from_file(cls, path: Path = RULES_FILE) -> "Departures":
        """The rules of the data file."""
        data = json.loads(path.read_text(encoding="utf-8"))
        return cls(data["rules"], data["repeats"])

    def reason(self, kind: str, scenario: str, case: str, difference: Difference) -> str | None:
        """Why the difference is on purpose, or None."""
        facts = {
            "kind": kind,
            "scenario": scenario,
            "case": case,
            "path": difference.path,
            "want": _text(difference.want),
            "got": _text(difference.got),
        }
        for rule in self._rules:
            if all(re.search(rule[name], fact) for name, fact in facts.items() if name in rule):
                return str(rule["reason"])
        return None

    def repeat_reason(self, command: str) -> str | None:
        """Why a handler with this command may be called again with the same event, or None."""
        return next((str(rule["reason"]) for rule in self._repeats if re.search(rule["command"], command)), None)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
