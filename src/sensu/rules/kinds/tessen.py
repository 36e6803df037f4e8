"""The rules of the Tessen configuration: every value of it is valid, and no selector lists it."""

from sensu.rules.kinds.kind_rules import KindRules
from sensu.rules.selectors.selectable import PLACE, Selectable

RULES = KindRules(selectable=Selectable("tessen", PLACE))
