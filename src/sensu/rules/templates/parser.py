"""Builds the tree of a template from its tokens."""

import json

from sensu.rules.go_number import parse_float
from sensu.rules.templates import nodes
from sensu.rules.templates.faults import SyntaxFault
from sensu.rules.templates.functions import FUNCTIONS
from sensu.rules.templates.lexer import TemplateToken, lex
from sensu.rules.templates.quoting import unquote

_DEPTH_MAX = 100
_OPERANDS = frozenset(
    {"quoted", "raw", "character", "number", "boolean", "nil", "identifier", "field", "dot", "variable", "("}
)


def parse(text: str) -> nodes.Template:
    """Parse a template; raises SyntaxFault with the line and the rule that it breaks."""
    parser = _Parser(lex(text))
    try:
        body, ended_by = parser.body()
    except RecursionError as deep:
        raise SyntaxFault(parser.peek().line, "template is nested too deeply") from deep
    if ended_by.kind != "eof":
        raise SyntaxFault(ended_by.line, f"unexpected {{{{{ended_by.text}}}}}")
    return nodes.Template(text, body, parser.defined, len(parser.tokens))


class _Parser:
    def __init__(self, tokens: list[TemplateToken]) -> None:
        self.tokens = tokens
        self.at = 0
        self.variables = ["$"]
        self.ranges = 0
        self.depth = 0
        self.defined: dict[str, list[nodes.Node]] = {}

    def peek(self) -> TemplateToken:
        return self.tokens[self.at]

    def next(self) -> TemplateToken:
        token = self.tokens[self.at]
        self.at += token.kind != "eof"
        return token

    def solid(self) -> TemplateToken:
        """The next token that is not space."""
        while self.peek().kind == "space":
            self.at += 1
        return self.next()

    def peek_solid(self) -> TemplateToken:
        while self.peek().kind == "space":
            self.at += 1
        return self.peek()

    def expect(self, kind: str, context: str) -> TemplateToken:
        token = self.solid()
        if token.kind != kind:
            raise self.unexpected(token, context)
        return token

    def unexpected(self, token: TemplateToken, context: str) -> SyntaxFault:
        return SyntaxFault(token.line, f"unexpected {token} in {context}")

    def body(self) -> tuple[list[nodes.Node], TemplateToken]:
        """Nodes up to `end`, `else` or the end of the text, and the token that ended them."""
        self.depth += 1
        if self.depth > _DEPTH_MAX:
            raise SyntaxFault(self.peek().line, "template is nested too deeply")
        found: list[nodes.Node] = []
        while True:
            token = self.next()
            if token.kind == "eof":
                break
            if token.kind == "text":
                found.append(nodes.Text(token.position, token.text))
                continue
            keyword = self.peek_solid()
            if keyword.kind in ("end", "else"):
                token = self.solid()
                break
            node = self.action()
            if node is not None:
                found.append(node)
        self.depth -= 1
        return found, token

    def action(self) -> nodes.Node | None:
        token = self.peek_solid()
        match token.kind:
            case "if" | "with" | "range":
                return self.branch(self.solid())
            case "break" | "continue":
                return self.leave(self.solid())
            case "template":
                return self.include(self.solid())
            case "define":
                self.define(self.solid())
                return None
            case "block":
                return self.block(self.solid())
        return nodes.Action(token.position, self.pipeline("command", "close"))

    def branch(self, keyword: TemplateToken) -> nodes.Branch:
        scope = len(self.variables)
        pipeline = self.pipeline(keyword.kind, "close")
        if pipeline.variables and keyword.kind != "range" and len(pipeline.variables) > 1:
            raise SyntaxFault(keyword.line, f"too many declarations in {keyword.kind}")
        self.ranges += keyword.kind == "range"
        body, ended_by = self.body()
        self.ranges -= keyword.kind == "range"
        otherwise: list[nodes.Node] = []
        if ended_by.kind == "else":
            otherwise, ended_by = self.otherwise(keyword)
        if ended_by.kind != "end":
            raise SyntaxFault(ended_by.line, f"unexpected {ended_by}")
        if ended_by.text == "end":
            self.expect("close", "end")
        del self.variables[scope:]
        return nodes.Branch(keyword.position, keyword.kind, pipeline, body, otherwise)

    def otherwise(self, keyword: TemplateToken) -> tuple[list[nodes.Node], TemplateToken]:
        following = self.peek_solid()
        if keyword.kind in ("if", "with") and following.kind == keyword.kind:
            nested = self.branch(self.solid())
            return [nested], TemplateToken("end", "", following.position, following.line)
        self.expect("close", "else")
        body, ended_by = self.body()
        if ended_by.kind == "else":
            raise SyntaxFault(ended_by.line, "expected end; found {{else}}")
        return body, ended_by

    def leave(self, keyword: TemplateToken) -> nodes.Leave:
        if self.solid().kind != "close":
            raise SyntaxFault(keyword.line, f"unexpected token in {{{{{keyword.kind}}}}}")
        if not self.ranges:
            raise SyntaxFault(keyword.line, f"{{{{{keyword.kind}}}}} outside {{{{range}}}}")
        return nodes.Leave(keyword.position, keyword.kind)

    def name(self, context: str) -> str:
        token = self.solid()
        if token.kind not in ("quoted", "raw"):
            raise self.unexpected(token, context)
        return self.string(token)

    def string(self, token: TemplateToken) -> str:
        text = token.text[1:-1].replace("\r", "") if token.kind == "raw" else unquote(token.text)
        if text is None:
            raise SyntaxFault(token.line, "invalid syntax")
        return text

    def include(self, keyword: TemplateToken) -> nodes.Include:
        name = self.name("template clause")
        pipeline = None
        if self.peek_solid().kind == "close":
            self.solid()
        else:
            pipeline = self.pipeline("template clause", "close")
        return nodes.Include(keyword.position, name, pipeline)

    def define(self, keyword: TemplateToken) -> None:
        name = self.name("define clause")
        self.expect("close", "define clause")
        self.defined[name] = self.definition(keyword)

    def block(self, keyword: TemplateToken) -> nodes.Include:
        name = self.name("block clause")
        pipeline = self.pipeline("block clause", "close")
        self.defined.setdefault(name, self.definition(keyword))
        return nodes.Include(keyword.position, name, pipeline)

    def definition(self, keyword: TemplateToken) -> list[nodes.Node]:
        variables, self.variables, ranges, self.ranges = self.variables, ["$"], self.ranges, 0
        body, ended_by = self.body()
        if ended_by.kind != "end":
            raise SyntaxFault(ended_by.line, f"unexpected {ended_by} in {keyword.kind} clause")
        self.expect("close", f"{keyword.kind} clause")
        self.variables, self.ranges = variables, ranges
        return body

    def pipeline(self, context: str, end: str) -> nodes.Pipeline:
        first = self.peek_solid()
        pipeline = nodes.Pipeline(first.position, first.line, [])
        self.declarations(pipeline, context)
        while True:
            token = self.peek_solid()
            if token.kind == end:
                self.solid()
                break
            if token.kind not in _OPERANDS:
                raise self.unexpected(token, context)
            pipeline.commands.append(self.command())
        self.check(pipeline, context, first)
        return pipeline

    def check(self, pipeline: nodes.Pipeline, context: str, first: TemplateToken) -> None:
        if not pipeline.commands:
            raise SyntaxFault(self.tokens[self.at - 1].line, f"missing value for {context}")
        for stage, command in enumerate(pipeline.commands[1:], 2):
            if isinstance(command.operands[0], nodes.Literal | nodes.Nil | nodes.Dot):
                raise SyntaxFault(first.line, f"non executable command in pipeline stage {stage}")

    def declarations(self, pipeline: nodes.Pipeline, context: str) -> None:
        """`$x :=`, `$x =` and, for range, `$i, $x :=`."""
        start = self.at
        names: list[str] = []
        while self.peek_solid().kind == "variable":
            names.append(self.solid().text)
            sign = self.peek_solid()
            if sign.kind in (":=", "="):
                self.solid()
                self.declare(pipeline, names, sign)
                return
            if not (sign.kind == "," and context == "range" and len(names) == 1):
                break
            self.solid()
        self.at = start

    def declare(self, pipeline: nodes.Pipeline, names: list[str], sign: TemplateToken) -> None:
        pipeline.variables, pipeline.assigns = names, sign.kind == "="
        for name in names:
            if pipeline.assigns and name not in self.variables:
                raise SyntaxFault(sign.line, f"undefined variable {json.dumps(name)}")
        if not pipeline.assigns:
            self.variables.extend(names)

    def command(self) -> nodes.Command:
        command = nodes.Command(self.peek_solid().position, [])
        while True:
            command.operands.append(self.operand())
            token = self.next()
            if token.kind == "space":
                following = self.peek_solid()
                if following.kind in _OPERANDS:
                    continue
                token = self.next()
            if token.kind == "|":
                self.require_value(token)
                return command
            if token.kind in ("close", ")"):
                self.at -= 1
                return command
            raise self.unexpected(token, "operand")

    def require_value(self, pipe: TemplateToken) -> None:
        following = self.peek_solid()
        if following.kind in ("close", ")"):
            raise SyntaxFault(pipe.line, "missing value for command")

    def operand(self) -> nodes.Operand:
        operand = self.term()
        names: list[str] = []
        position = self.peek().position
        while self.peek().kind == "field":
            names.append(self.next().text[1:])
        if not names:
            return operand
        if isinstance(operand, nodes.Field):
            return nodes.Field(position, operand.names + names)
        if isinstance(operand, nodes.Variable):
            return nodes.Variable(position, operand.name, operand.names + names)
        if isinstance(operand, nodes.Literal | nodes.Nil | nodes.Dot):
            line = self.tokens[self.at - 1].line
            raise SyntaxFault(line, f"unexpected . after term {json.dumps(str(operand))}")
        return nodes.Chain(position, operand, names)

    def term(self) -> nodes.Operand:
        token = self.solid()
        match token.kind:
            case "identifier":
                if token.text not in FUNCTIONS:
                    raise SyntaxFault(token.line, f"function {json.dumps(token.text)} not defined")
                return nodes.Identifier(token.position, token.text)
            case "dot":
                return nodes.Dot(token.position)
            case "nil":
                return nodes.Nil(token.position)
            case "variable":
                if token.text not in self.variables:
                    raise SyntaxFault(token.line, f"undefined variable {json.dumps(token.text)}")
                return nodes.Variable(token.position, token.text, [])
            case "field":
                return nodes.Field(token.position, [token.text[1:]])
            case "(":
                return self.parenthesis()
        return nodes.Literal(token.position, self.constant(token), token.text)

    def parenthesis(self) -> nodes.Pipeline:
        self.depth += 1
        if self.depth > _DEPTH_MAX:
            raise SyntaxFault(self.peek().line, "template is nested too deeply")
        pipeline = self.pipeline("parenthesized pipeline", ")")
        self.depth -= 1
        return pipeline

    def constant(self, token: TemplateToken) -> object:
        match token.kind:
            case "boolean":
                return token.text == "true"
            case "quoted" | "raw":
                return self.string(token)
            case "character":
                text = unquote(token.text)
                if text is None or len(text) != 1:
                    raise SyntaxFault(token.line, f"malformed character constant: {token.text}")
                return ord(text)
            case "number":
                return _number(token)
        raise self.unexpected(token, "operand")


def _number(token: TemplateToken) -> int | float:
    try:
        legacy_octal = token.text.lstrip("+-").isdigit() and token.text.lstrip("+-").startswith("0")
        return int(token.text, 8) if legacy_octal else int(token.text, 0)
    except ValueError:
        value = parse_float(token.text)
    if value is None:
        raise SyntaxFault(token.line, f"illegal number syntax: {json.dumps(token.text)}")
    return value
