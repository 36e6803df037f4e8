"""The rules of secrets.

Source: docs, "Secrets reference".
"""

from sensu.resources.secret import ENV_PROVIDER, Secret
from sensu.rules.kinds.kind_rules import KindRules
from sensu.rules.names import name_problem
from sensu.rules.selectors.selectable import PLACE, Selectable, as_text, own


def problem(secret: Secret) -> str | None:
    """The first rule that a secret breaks, or None."""
    why = name_problem(secret.metadata.name)
    if why is not None:
        return f"secret name {why}"
    if not secret.metadata.namespace:
        return "namespace must be set"
    if secret.provider != ENV_PROVIDER:
        return f'provider "{secret.provider}" does not exist, there is "{ENV_PROVIDER}"'
    if not secret.id or not set(secret.id).isdisjoint("=\0"):
        return "id must be the name of an environment variable"
    return None


RULES = KindRules(
    problem=problem,
    selectable=Selectable("secret", {**PLACE, **own(as_text, "id", "provider")}),
    keeps_namespace=True,
)
