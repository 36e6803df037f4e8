"""The rules of API keys.

Source: recorded scenario apikeys-invalid.
"""

from sensu.resources.api_key import APIKey
from sensu.rules.kinds.kind_rules import KindRules
from sensu.rules.names import name_problem
from sensu.rules.selectors.selectable import NAME, Selectable, as_text, own


def problem(key: APIKey) -> str | None:
    """The first rule that an API key breaks, or None. Whether its user exists is not checked."""
    why = name_problem(key.metadata.name)
    if why is not None:
        return f"api key name {why}"
    if key.metadata.namespace:
        return "api key cannot have a namespace"
    return None if key.username else "api key must have a username"


RULES = KindRules(problem=problem, selectable=Selectable("api_key", {**NAME, **own(as_text, "username")}))
