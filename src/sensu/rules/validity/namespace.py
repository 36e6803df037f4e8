"""Whether a namespace is valid.

Source: recorded scenario namespaces-invalid.
"""

from sensu.resources.namespace import Namespace
from sensu.rules.validity.names import name_problem


def problem(namespace: Namespace) -> str | None:
    """The first rule that a namespace breaks, or None."""
    why = name_problem(namespace.name)
    return None if why is None else f"namespace name {why}"
