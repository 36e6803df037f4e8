"""Whether a secret is valid.

Source: docs, "Secrets reference".
"""

from sensu.resources.secret import ENV_PROVIDER, Secret
from sensu.rules.names import name_problem


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
