"""The nodes of a parsed template. `position` is an index into the template's text; `str()` gives the source form."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Node:
    """A part of a template."""

    position: int


@dataclass(slots=True)
class Text(Node):
    """Literal text."""

    text: str


@dataclass(slots=True)
class Literal(Node):
    """A constant: text, number, true or false."""

    value: Any
    source: str

    def __str__(self) -> str:
        return self.source


@dataclass(slots=True)
class Nil(Node):
    """The constant nil."""

    def __str__(self) -> str:
        return "nil"


@dataclass(slots=True)
class Dot(Node):
    """The current value."""

    def __str__(self) -> str:
        return "."


@dataclass(slots=True)
class Field(Node):
    """`.labels.region`, relative to the current value."""

    names: list[str]

    def __str__(self) -> str:
        return "".join(f".{name}" for name in self.names)


@dataclass(slots=True)
class Variable(Node):
    """`$x` or `$x.name`."""

    name: str
    names: list[str]

    def __str__(self) -> str:
        return ".".join([self.name, *self.names])


@dataclass(slots=True)
class Chain(Node):
    """Fields of an operand in parentheses: `(index .a 0).name`."""

    operand: Operand
    names: list[str]

    def __str__(self) -> str:
        source = f"({self.operand})" if isinstance(self.operand, Pipeline) else str(self.operand)
        return source + "".join(f".{name}" for name in self.names)


@dataclass(slots=True)
class Identifier(Node):
    """The name of a function."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(slots=True)
class Command(Node):
    """One stage of a pipeline: an operand, or a function with its arguments."""

    operands: list[Operand]

    def __str__(self) -> str:
        return " ".join(f"({word})" if isinstance(word, Pipeline) else str(word) for word in self.operands)


@dataclass(slots=True)
class Pipeline(Node):
    """Commands joined by `|`; its value can be assigned to variables."""

    line: int
    commands: list[Command]
    variables: list[str] = field(default_factory=list)
    assigns: bool = False

    def __str__(self) -> str:
        source = " | ".join(map(str, self.commands))
        return f"{', '.join(self.variables)} {'=' if self.assigns else ':='} {source}" if self.variables else source


Operand = Literal | Nil | Dot | Field | Variable | Chain | Identifier | Pipeline


@dataclass(slots=True)
class Action(Node):
    """`{{ pipeline }}`."""

    pipeline: Pipeline


@dataclass(slots=True)
class Branch(Node):
    """`if`, `with` or `range`, by its `keyword`."""

    keyword: str
    pipeline: Pipeline
    body: list[Node]
    otherwise: list[Node]


@dataclass(slots=True)
class Leave(Node):
    """`break` or `continue`, by its `keyword`."""

    keyword: str


@dataclass(slots=True)
class Include(Node):
    """`{{ template "name" pipeline }}`."""

    name: str
    pipeline: Pipeline | None

    def __str__(self) -> str:
        return f'{{{{template "{self.name}"{f" {self.pipeline}" if self.pipeline else ""}}}}}'


@dataclass(slots=True)
class Template:
    """A parsed template: its nodes, the templates that it defines, and the number of its tokens."""

    text: str
    nodes: list[Node]
    defined: dict[str, list[Node]]
    words: int
