"""The rules of the observed part of entities."""

from sensu.rules.kinds.kind_rules import KindRules
from sensu.rules.selectors.selectable import PLACE, Selectable

RULES = KindRules(selectable=Selectable("entity_state", PLACE), keeps_namespace=True)
