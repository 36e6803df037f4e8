"""The rules of the configured part of entities, which is validated as a part of the whole."""

from sensu.rules.kinds.entity import FIELDS
from sensu.rules.kinds.kind_rules import KindRules
from sensu.rules.selectors.selectable import Selectable

RULES = KindRules(selectable=Selectable("entity_config", FIELDS), keeps_namespace=True)
