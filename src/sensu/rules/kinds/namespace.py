"""Whether a namespace is valid.

Source: recorded scenario namespaces-invalid.
"""

from sensu.resources.namespace import Namespace
from sensu.rules.names import name_problem


def problem(namespace: Namespace) -> str | None:
    """The first rule that a namespace breaks, or None."""
    why = name_problem(namespace.name)
    if why is not None:
        return f"namespace name {why}"
    for field in ("history_retention", "history_bytes_max"):
        if getattr(namespace, field) < 0:
            return f"{field} must not be negative"
    return None
