"""What is said about secrets providers that fail: an event of the backend's entity for each."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sensu.resources.check import Check
from sensu.resources.entity import Entity
from sensu.resources.event import Event
from sensu.resources.metadata import ObjectMeta

FAILURES_MAX = 100
"""Maximum number of failures that are known of a provider; beyond it the oldest is forgotten."""
FAILURE_KEPT_S = 3600.0
"""How long a failure counts if its secret is not asked for again."""
REPEATED_S = 60.0
"""How often an event is repeated while a provider fails."""
SHOWN_MAX = 10
OK, WARNING, CRITICAL = 0, 1, 2


class SecretFailure(NamedTuple):
    """Why a secret has no value, since when; `is_missing` says that its provider works, and has no such value."""

    why: str
    is_missing: bool
    at: float


Failures = Mapping[str, SecretFailure]
"""The failures of a provider by what was asked for, the oldest first."""


def after(failures: Failures, asked: str, failure: SecretFailure | None, now: float) -> Failures:
    """The failures after an attempt; with a value (None), the provider itself works again."""
    kept = {
        name: known
        for name, known in failures.items()
        if name != asked and now - known.at < FAILURE_KEPT_S and (failure is not None or known.is_missing)
    }
    if failure is not None:
        kept[asked] = failure
        while len(kept) > FAILURES_MAX:
            kept.pop(next(iter(kept)))
    return kept


def status_of(failures: Failures) -> int:
    """Critical if the provider fails, a warning if only values are missing."""
    if not failures:
        return OK
    return WARNING if all(failure.is_missing for failure in failures.values()) else CRITICAL


def event_name(provider: str) -> str:
    """The name of the check in the event of a provider."""
    return f"secrets-{provider}"


def event_of(provider: str, failures: Failures, entity: Entity, event_id: str, now: float) -> Event:
    """The event about a provider; `entity` is that of the backend."""
    second, namespace = int(now), entity.metadata.namespace
    check = Check(
        metadata=ObjectMeta(name=event_name(provider), namespace=namespace),
        status=status_of(failures),
        output=_output(provider, tuple(failures.values())),
        interval=int(REPEATED_S),
        issued=second,
        executed=second,
    )
    return Event(check=check, entity=entity, metadata=ObjectMeta(namespace=namespace), id=event_id, timestamp=second)


def _output(provider: str, failures: Sequence[SecretFailure]) -> str:
    if not failures:
        return f"The secrets provider {provider} works."
    whys = list(dict.fromkeys(failure.why for failure in sorted(failures, key=lambda one: one.is_missing)))
    more = [f"and {len(whys) - SHOWN_MAX} more"] if len(whys) > SHOWN_MAX else []
    return "\n".join([f"The secrets provider {provider} has problems:", *whys[:SHOWN_MAX], *more])
