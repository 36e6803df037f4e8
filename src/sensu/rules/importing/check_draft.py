"""A check while it is made, and what its flags have in common for all importers."""

import json
import re
from collections.abc import Iterator

from sensu.rules.importing.command_words import ShellVariable, ShellWord
from sensu.rules.importing.imported import Imported, Review, name_from

LIKE_A_SECRET = re.compile(r"(?i)auth|token|key|cookie|secret|password")
VISIBLE = "the {} may have a secret, which everybody who can read the check sees"
NEVER = "~:"
"""The range that never alerts."""


class Untakeable(Exception):
    """Something that cannot be taken; the text says why."""


class CheckDraft:
    """What a check needs besides its command: secrets, and what must be reviewed."""

    def __init__(self, imported: Imported, title: str) -> None:
        self.imported, self.title = imported, title
        self.secrets: list[dict[str, str]] = []
        self.reviews: list[Review] = []

    def review(self, text: str, field: str = "command") -> None:
        """Note something to decide about a field."""
        self.reviews.append(Review(text, field))

    def variable(self, what: str, value: str) -> str:
        """The environment variable that will have a secret value."""
        return self._use(self.imported.secret(f"{self.title} {what}", value))

    def variable_of_environment(self, name: str) -> str:
        """The environment variable for one that the other system reads; its value is not known."""
        return self._use(self.imported.secret_of_environment(name))

    def _use(self, reference: dict[str, str]) -> str:
        if reference not in self.secrets:
            self.secrets.append(reference)
        return reference["name"]

    def header(self, name: str, value: ShellWord) -> Iterator[ShellWord]:
        """The flags for a header; what looks like a secret is a variable."""
        if not isinstance(value, str) and name.lower() == "authorization" and len(value) == 2:
            start, token = value
            if isinstance(token, ShellVariable) and str(start).lower() == "bearer ":
                yield from ("--token-env", token.name)
                return
        if not isinstance(value, str):
            yield from ("--header", (f"{name}: ", *value))
            self.review(f"the header {name} is visible in the list of processes of the agent's host")
            return
        scheme, _, token = value.partition(" ")
        if name.lower() == "authorization" and scheme.lower() == "bearer":
            yield from ("--token-env", self.variable("token", token))
        elif LIKE_A_SECRET.search(name):
            yield from ("--header", (f"{name}: ", ShellVariable(self.variable(name, value))))
            self.review(f"the header {name} is visible in the list of processes of the agent's host")
        else:
            yield from ("--header", f"{name}: {value}")


def pushed_instead(title: str, interval_s: int) -> str:
    """What to do with results that a job sends by itself."""
    event = {"check": {"metadata": {"name": name_from(title)}, "status": 0, "output": "OK", "ttl": interval_s}}
    return (
        "it has no command: let the job send its result to an agent, POST http://127.0.0.1:3031/events with "
        f"{json.dumps(event)}; without one for {interval_s} s the check fails"
    )


def json_value(text: str) -> str:
    """A text as JSON: numbers and booleans as they are, everything else in quotes."""
    return text if re.fullmatch(r"-?\d+(\.\d+)?|true|false|null", text) else json.dumps(text, ensure_ascii=False)
