"""Executes parsed templates."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sensu.rules.templates import nodes
from sensu.rules.templates.allowance import Allowance
from sensu.rules.templates.faults import CallFault, ExecutionFault
from sensu.rules.templates.formatting import NO_VALUE, plain, type_name
from sensu.rules.templates.functions import FUNCTIONS, PRINTING, truth

_DEPTH_MAX = 50
_SHOWN_CHARACTERS_MAX = 100
_ABSENT: Any = object()


def evaluate(
    template: nodes.Template,
    context: Mapping[str, Any],
    *,
    missing_key_is_fault: bool = False,
    allowance: Allowance | None = None,
) -> str:
    """Execute a template. A missing key prints `<no value>` or, if requested, raises ExecutionFault.

    Exceeding the `allowance` (by default a new one) raises ExecutionFault too.
    """
    execution = _Execution(template, context, missing_key_is_fault, allowance or Allowance())
    try:
        execution.walk(template.nodes, context)
    except CallFault as refused:
        raise ExecutionFault(execution.position, "", str(refused)) from refused
    except RecursionError as deep:
        raise ExecutionFault(execution.position, "", "the template is nested too deeply") from deep
    return "".join(execution.output)


class _Execution:
    def __init__(
        self, template: nodes.Template, context: Mapping[str, Any], missing_key_is_fault: bool, allowance: Allowance
    ) -> None:
        self.template = template
        self.allowance = allowance
        self.position = 0
        self.missing_key_is_fault = missing_key_is_fault
        self.variables: list[tuple[str, Any]] = [("$", context)]
        self.output: list[str] = []
        self.depth = 0

    def fault(self, node: nodes.Node, message: str) -> ExecutionFault:
        return ExecutionFault(node.position, str(node), message)

    def walk(self, body: Iterable[nodes.Node], dot: Any) -> str:
        """Execute nodes; returns `break` or `continue` if one of them was executed."""
        for node in body:
            self.position = node.position
            self.allowance.step()
            left = self.node(node, dot)
            if left:
                return left
        return ""

    def node(self, node: nodes.Node, dot: Any) -> str:
        match node:
            case nodes.Text():
                self.write(node.text)
            case nodes.Action():
                value = self.pipeline(node.pipeline, dot)
                if not node.pipeline.variables:
                    self.write(NO_VALUE if value is None else self.printed(value))
            case nodes.Branch(keyword="range"):
                self.range(node, dot)
            case nodes.Branch():
                return self.branch(node, dot)
            case nodes.Include():
                self.include(node, dot)
            case nodes.Leave():
                return node.keyword
        return ""

    def printed(self, value: Any) -> str:
        if not isinstance(value, str):
            self.allowance.compute(value)
        return plain(value)

    def write(self, text: str) -> None:
        self.allowance.print(len(text))
        self.output.append(text)

    def branch(self, node: nodes.Branch, dot: Any) -> str:
        scope = len(self.variables)
        value = self.pipeline(node.pipeline, dot)
        within = value if node.keyword == "with" else dot
        left = self.walk(node.body, within) if truth(value) else self.walk(node.otherwise, dot)
        del self.variables[scope:]
        return left

    def range(self, node: nodes.Branch, dot: Any) -> None:
        scope = len(self.variables)
        value = self.pipeline(node.pipeline, dot)
        for key, element in self.elements(node, value):
            inner = len(self.variables)
            self.bind(node.pipeline, key, element)
            left = self.walk(node.body, element)
            del self.variables[inner:]
            if left == "break":
                break
        if not value:
            self.walk(node.otherwise, dot)
        del self.variables[scope:]

    def elements(self, node: nodes.Branch, value: Any) -> list[tuple[Any, Any]]:
        if value is None:
            return []
        if isinstance(value, Mapping | list | tuple):
            self.allowance.step(len(value))
        if isinstance(value, Mapping):
            return [(key, value[key]) for key in sorted(value)]
        if isinstance(value, list | tuple):
            return list(enumerate(value))
        raise self.fault(node.pipeline, f"range can't iterate over {plain(value)[:_SHOWN_CHARACTERS_MAX]}")

    def bind(self, pipeline: nodes.Pipeline, key: Any, element: Any) -> None:
        names = pipeline.variables
        values = (key, element) if len(names) == 2 else (element,)
        for name, value in zip(names, values, strict=False):
            self.assign(name, value) if pipeline.assigns else self.variables.append((name, value))

    def include(self, node: nodes.Include, dot: Any) -> None:
        body = self.template.defined.get(node.name)
        if body is None:
            raise self.fault(node, f"template {json.dumps(node.name)} not defined")
        if self.depth >= _DEPTH_MAX:
            raise self.fault(node, f"exceeded maximum template depth ({_DEPTH_MAX})")
        inner = None if node.pipeline is None else self.pipeline(node.pipeline, dot)
        self.depth += 1
        variables, self.variables = self.variables, [("$", inner)]
        self.walk(body, inner)
        self.variables = variables
        self.depth -= 1

    def assign(self, name: str, value: Any) -> None:
        for at in range(len(self.variables) - 1, -1, -1):
            if self.variables[at][0] == name:
                self.variables[at] = (name, value)
                return

    def variable(self, node: nodes.Variable) -> Any:
        for name, value in reversed(self.variables):
            if name == node.name:
                return value
        raise self.fault(node, f"undefined variable: {node.name}")

    def pipeline(self, pipeline: nodes.Pipeline, dot: Any) -> Any:
        value = _ABSENT
        for command in pipeline.commands:
            value = self.command(command, dot, value)
        if len(pipeline.variables) == 1 and pipeline.assigns:
            self.assign(pipeline.variables[0], value)
        elif len(pipeline.variables) == 1:
            self.variables.append((pipeline.variables[0], value))
        return value

    def command(self, command: nodes.Command, dot: Any, final: Any) -> Any:
        self.allowance.step(len(command.operands))
        first = command.operands[0]
        if isinstance(first, nodes.Identifier):
            return self.call(command, first, command.operands[1:], dot, final)
        if len(command.operands) > 1 or final is not _ABSENT:
            if isinstance(first, nodes.Field | nodes.Chain):
                raise self.fault(first, f"{first.names[-1]} is not a method but has arguments")
            raise self.fault(first, f"can't give argument to non-function {first}")
        if isinstance(first, nodes.Nil):
            raise self.fault(first, "nil is not a command")
        return self.operand(first, dot)

    def call(
        self,
        command: nodes.Node,
        identifier: nodes.Identifier,
        operands: list[nodes.Operand],
        dot: Any,
        final: Any,
    ) -> Any:
        name = identifier.name
        function = FUNCTIONS[name]
        count = len(operands) + (final is not _ABSENT)
        if count < function.fewest or (function.most is not None and count > function.most):
            bound = function.fewest if function.fewest == function.most else f"at least {function.fewest}"
            raise self.fault(identifier, f"wrong number of args for {name}: want {bound} got {count}")
        if name in ("and", "or"):
            return self.lazily(name, operands, dot, final)
        arguments = [self.operand(operand, dot) for operand in operands]
        if final is not _ABSENT:
            arguments.append(final)
        if name == "call" and arguments[0] is not None:
            source = operands[0] if operands else command
            message = f"error calling call: non-function {source} of type {type_name(arguments[0])}"
            raise self.fault(command, message)
        try:
            return self.result(name, arguments)
        except CallFault as refused:
            raise self.fault(command, f"error calling {name}: {refused}") from refused

    def result(self, name: str, arguments: list[Any]) -> Any:
        """Call a function; its arguments and result count against the allowance."""
        call, allowance = FUNCTIONS[name].call, self.allowance
        if name in PRINTING:
            allowance.compute(*arguments)
            value = call(*arguments) if name != "printf" else call(*arguments, characters_max=allowance.for_functions)
            allowance.compute(value)
            return value
        allowance.compute(*(argument for argument in arguments if isinstance(argument, str)))
        return call(*arguments)

    def lazily(self, name: str, operands: list[nodes.Operand], dot: Any, final: Any) -> Any:
        """Evaluate `and` and `or`, which stop at the first argument that decides."""
        value: Any = None
        for operand in operands:
            value = self.operand(operand, dot)
            if truth(value) == (name == "or"):
                return value
        return value if final is _ABSENT else final

    def operand(self, operand: nodes.Operand, dot: Any) -> Any:
        match operand:
            case nodes.Literal():
                return operand.value
            case nodes.Nil():
                return None
            case nodes.Dot():
                return dot
            case nodes.Field():
                return self.fields(operand, operand.names, dot)
            case nodes.Variable():
                return self.fields(operand, operand.names, self.variable(operand))
            case nodes.Chain():
                return self.fields(operand, operand.names, self.operand(operand.operand, dot))
            case nodes.Pipeline():
                return self.pipeline(operand, dot)
            case nodes.Identifier():
                return self.call(operand, operand, [], dot, _ABSENT)

    def fields(self, node: nodes.Node, names: list[str], value: Any) -> Any:
        for name in names:
            if isinstance(value, Mapping):
                if name not in value and self.missing_key_is_fault:
                    raise self.fault(node, f"map has no entry for key {json.dumps(name, ensure_ascii=False)}")
                value = value.get(name)
            elif value is None:
                if self.missing_key_is_fault:
                    raise self.fault(node, f"nil data; no entry for key {json.dumps(name, ensure_ascii=False)}")
            else:
                raise self.fault(node, f"can't evaluate field {name} in type interface {{}}")
        return value
