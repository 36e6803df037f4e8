"""Whether an entity is valid.

Source: recorded scenario entities-invalid.
"""

from sensu.resources.entity import Entity
from sensu.rules.names import name_problem


def problem(entity: Entity) -> str | None:
    """The first rule that an entity breaks, or None."""
    why = name_problem(entity.metadata.name)
    if why is not None:
        return f"entity name {why}"
    why = name_problem(entity.entity_class)
    if why is not None:
        return f"entity class {why}"
    return None if entity.metadata.namespace else "namespace must be set"
