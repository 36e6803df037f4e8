"""The rules of the Tessen configuration: every value is valid, and it has no list to filter."""

from sensu.rules.kinds.kind_rules import KindRules
from sensu.rules.selectors.selectable import PLACE, Selectable

RULES = KindRules(selectable=Selectable("tessen", PLACE))
