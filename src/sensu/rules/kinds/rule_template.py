"""The rules of rule templates.

Source: docs, "Rule templates reference".
"""

from collections.abc import Iterator

from sensu.resources.rule_template import RuleTemplate
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules
from sensu.rules.names import name_problem
from sensu.rules.selectors.selectable import PLACE, Selectable
from sensu.rules.services.arguments import schema_problems
from sensu.rules.services.built_in import AGGREGATE, BUILT_IN, is_built_in


def problems(template: RuleTemplate) -> Iterator[FieldProblem]:
    """The rules that a template breaks."""
    why = name_problem(template.metadata.name)
    if why is not None:
        yield FieldProblem("metadata.name", f"rule template name {why}")
    elif template.metadata.name == AGGREGATE and not is_built_in(template):
        message = f"the rule template {AGGREGATE} is built in and cannot be changed; choose another name"
        yield FieldProblem("metadata.name", message)
    if not template.metadata.namespace:
        yield FieldProblem("metadata.namespace", "namespace must be set")
    if not template.eval.strip():
        yield FieldProblem("eval", "eval must contain the script of the template")
    for path, message in schema_problems(template.arguments):
        yield FieldProblem(path, message)


RULES = KindRules(
    problems=problems,
    selectable=Selectable("rule_template", PLACE),
    built_in={AGGREGATE: BUILT_IN},
    keeps_namespace=True,
)
