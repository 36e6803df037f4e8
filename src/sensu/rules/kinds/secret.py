"""The rules of secrets.

Source: docs, "Secrets reference".
"""

from collections.abc import Iterator

from sensu.resources.secret import ENV_PROVIDER, Secret
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules
from sensu.rules.names import name_problem
from sensu.rules.selectors.selectable import PLACE, Selectable, as_text, own


def problems(secret: Secret) -> Iterator[FieldProblem]:
    """The rules that a secret breaks."""
    why = name_problem(secret.metadata.name)
    if why is not None:
        yield FieldProblem("metadata.name", f"secret name {why}")
    if not secret.metadata.namespace:
        yield FieldProblem("metadata.namespace", "namespace must be set")
    if secret.provider != ENV_PROVIDER:
        message = f'provider "{secret.provider}" does not exist, there is "{ENV_PROVIDER}"'
        yield FieldProblem("provider", message)
    if not secret.id or not set(secret.id).isdisjoint("=\0"):
        yield FieldProblem("id", "id must be the name of an environment variable")


RULES = KindRules(
    problems=problems,
    selectable=Selectable("secret", {**PLACE, **own(as_text, "id", "provider")}),
    keeps_namespace=True,
)
