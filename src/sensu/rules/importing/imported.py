"""Resources that an importer makes of the configuration of another monitoring system, and what it leaves out.

Importers are pure: they take what was read from files and return an `Imported`, which `sensuctl import` prints for
review. Nothing is sent to an API.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sensu.resources.kinds import CHECK, EVENT_FILTER, HANDLER, SECRET, Kind

NAME_CHARACTERS_MAX = 120
SOURCE_ANNOTATION = "sensu.io/imported-from"
ATTEMPTS_ANNOTATION = "attempts"
ATTEMPTS_FILTER = "after-attempts"
VARIABLE_PREFIX = "SENSU_IMPORT_"
"""Begins the names of the environment variables that secrets refer to."""
PROXY_PASSES = 2
"""Tokens of checks with proxy requests are replaced by the backend, and then by the agent."""
TIMEOUT_MARGIN_S = 5
"""How much longer than its command a check may take, so that the command says itself what was late."""


class Review(NamedTuple):
    """Something that a person must decide, about a field of the spec; without a field, about the whole resource."""

    text: str
    field: str = ""


class NotTaken(NamedTuple):
    """Something in the source that has no resource, and why."""

    what: str
    why: str


class ImportedResource(NamedTuple):
    """A resource, and what must be decided about it."""

    kind: Kind
    name: str
    spec: Mapping[str, Any]
    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}
    reviews: tuple[Review, ...] = ()

    def document(self) -> dict[str, Any]:
        """The resource as a document of a file; empty labels and annotations are left out."""
        metadata: dict[str, Any] = {"name": self.name}
        if self.labels:
            metadata["labels"] = dict(self.labels)
        if self.annotations:
            metadata["annotations"] = dict(self.annotations)
        return {
            "type": self.kind.type,
            "api_version": self.kind.api_version,
            "metadata": metadata,
            "spec": dict(self.spec),
        }


class Imported:
    """What an importer has made so far; `source` is the other system's name in annotations."""

    def __init__(self, source: str, subscription: str) -> None:
        self.source, self.subscription = source, subscription
        self.resources: list[ImportedResource] = []
        self.not_taken: list[NotTaken] = []
        self.secrets: dict[str, str] = {}
        """The values of environment variables; they are part of no resource."""
        self._names: set[tuple[str, str]] = set()
        self._secret_names: dict[str, str] = {}

    def name(self, kind: Kind, text: str) -> str:
        """A name that no other resource of the kind has, made of any text."""
        base = name_from(text) or kind.segment
        name, number = base, 1
        while (kind.qualified_name, name.lower()) in self._names:
            number += 1
            name = f"{base}-{number}"
        self._names.add((kind.qualified_name, name.lower()))
        return name

    def add(self, resource: ImportedResource) -> None:
        """Add a resource."""
        self.resources.append(resource)

    def leave_out(self, what: str, why: str) -> None:
        """Note something that is not taken; the same is noted once."""
        one = NotTaken(what, why)
        if one not in self.not_taken:
            self.not_taken.append(one)

    def secret(self, text: str, value: str) -> dict[str, str]:
        """A reference to a new secret with this value, for the `secrets` of a check or handler.

        The resource names an environment variable of the backend. The same value has one secret.
        """
        for variable, known in self.secrets.items():
            if known == value:
                return {"name": variable, "secret": self._secret_names[variable]}
        base = VARIABLE_PREFIX + (re.sub("[^A-Z0-9]+", "_", name_from(text).upper()).strip("_") or "SECRET")
        variable, number = base, 1
        while variable in self.secrets:
            number += 1
            variable = f"{base}_{number}"
        self.secrets[variable] = value
        review = Review(f"set {variable} in the environment of the backend; --secrets-file writes its value", "id")
        name = self.name(SECRET, variable.removeprefix(VARIABLE_PREFIX).lower().replace("_", "-"))
        self._secret_names[variable] = name
        self.add(ImportedResource(SECRET, name, {"provider": "env", "id": variable}, reviews=(review,)))
        return {"name": variable, "secret": name}

    def secret_of_environment(self, variable: str) -> dict[str, str]:
        """A reference to a secret for a variable of the other system's environment, whose value is not known."""
        if variable not in self._secret_names:
            name = self._secret_names[variable] = self.name(SECRET, variable.lower().replace("_", "-"))
            review = Review(f"set {variable} in the environment of the backend, as {self.source} has it", "id")
            self.add(ImportedResource(SECRET, name, {"provider": "env", "id": variable}, reviews=(review,)))
        return {"name": variable, "secret": self._secret_names[variable]}

    def add_notify_handler(self, title: str, url: str, settings: Mapping[str, Any] | None = None) -> str:
        """Add a handler that sends messages to a URL, which is secret, and return its name."""
        name = self.name(HANDLER, title)
        reference = self.secret(f"{title} URL", url)
        self.add_handler(name, [f"${{{reference['name']}}}"], [reference], settings)
        return name

    def add_handler(
        self,
        name: str,
        urls: list[str],
        secrets: list[dict[str, str]],
        settings: Mapping[str, Any] | None = None,
        *,
        reviews: tuple[Review, ...] = (),
    ) -> None:
        """Add a handler that sends messages to URLs, once the attempts of a check are over."""
        filters = [self.add_attempts_filter()]
        notify = {"urls": urls, **(settings or {})}
        spec = {"type": "notify", "notify": notify, "filters": filters, "secrets": secrets}
        self.add(ImportedResource(HANDLER, name, spec, reviews=reviews))

    def add_check(
        self,
        title: str,
        spec: Mapping[str, Any],
        *,
        entity: str,
        attempts: int = 1,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        reviews: Iterable[Review] = (),
    ) -> None:
        """Add a check that one agent of the subscription runs on behalf of an entity.

        With more than one attempt, events reach the handlers from that number of failures in a row on.
        """
        notes = {SOURCE_ANNOTATION: f"{self.source}: {title}", **(annotations or {})}
        if attempts > 1:
            notes[ATTEMPTS_ANNOTATION] = str(attempts)
        whole = {
            **spec,
            "subscriptions": [self.subscription],
            "publish": spec.get("publish", True),
            "output_metric_format": spec.get("output_metric_format", "nagios_perfdata"),
        }
        if entity:
            whole |= {"proxy_entity_name": entity, "round_robin": True}
        name = self.name(CHECK, title)
        passes = PROXY_PASSES if "proxy_requests" in spec else 1
        placed = {field: literal(value, passes) for field, value in notes.items()}
        tagged = {
            name_from(field): literal(value, passes) for field, value in (labels or {}).items() if name_from(field)
        }
        self.add(ImportedResource(CHECK, name, whole, tagged, placed, tuple(reviews)))

    def add_attempts_filter(self) -> str:
        """The name of the filter that holds back events of checks until their number of attempts; added once."""
        if not any(one.kind == EVENT_FILTER and one.name == ATTEMPTS_FILTER for one in self.resources):
            expression = (
                "event.check.status != 0 && event.check.annotations"
                f" && event.check.annotations.{ATTEMPTS_ANNOTATION} > event.check.occurrences"
            )
            name = self.name(EVENT_FILTER, ATTEMPTS_FILTER)
            self.add(ImportedResource(EVENT_FILTER, name, {"action": "deny", "expressions": [expression]}))
        return ATTEMPTS_FILTER


def name_from(text: str) -> str:
    """A name made of a text: accents are dropped, and runs of other characters become a hyphen."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9_.]+", "-", plain).strip("-.")[:NAME_CHARACTERS_MAX].strip("-.")


def literal(text: str, passes: int = 1) -> str:
    """A text in which no tokens are found, `{{` being a token that prints it, in a number of passes."""
    for _ in range(passes):
        text = text.replace("{{", "{{`{{`}}")
    return text
