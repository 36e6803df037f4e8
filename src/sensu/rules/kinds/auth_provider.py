"""What the types of authentication providers have in common.

Source: docs, "Authentication API" (`types`).
"""

from sensu.rules.kinds.kind_rules import KindRules
from sensu.rules.selectors.selectable import NAME, Selectable, SelectableField

RULES = KindRules(selectable=Selectable("authprovider", {**NAME, "type": SelectableField(("type",))}))
