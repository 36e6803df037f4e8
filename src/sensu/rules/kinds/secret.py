"""The rules of secrets.

Source: docs, "Secrets reference".
"""

from collections.abc import Iterator

from sensu.resources.secret import Secret
from sensu.resources.secret_providers import ENV
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules
from sensu.rules.names import name_problem
from sensu.rules.selectors.selectable import PLACE, Selectable, as_text, own

ID_CHARACTERS_MAX = 2_048


def problems(secret: Secret) -> Iterator[FieldProblem]:
    """The rules that a secret breaks."""
    why = name_problem(secret.metadata.name)
    if why is not None:
        yield FieldProblem("metadata.name", f"secret name {why}")
    if not secret.metadata.namespace:
        yield FieldProblem("metadata.namespace", "namespace must be set")
    why = name_problem(secret.provider)
    if why is not None:
        yield FieldProblem("provider", f"provider {why}")
    if secret.provider == ENV and (not secret.id or not set(secret.id).isdisjoint("=\0")):
        yield FieldProblem("id", "id must be the name of an environment variable")
    elif not secret.id or "\0" in secret.id or len(secret.id) > ID_CHARACTERS_MAX:
        message = f"id must name the value at its provider, in at most {ID_CHARACTERS_MAX} characters"
        yield FieldProblem("id", message)


RULES = KindRules(
    problems=problems,
    selectable=Selectable("secret", {**PLACE, **own(as_text, "id", "provider")}),
    keeps_namespace=True,
)
