"""Texts that programs write, found in their sources: log lines and messages of errors."""

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

SOURCES = Path(__file__).resolve().parents[2] / "src" / "sensu"
GAP = "…"
"""Stands for what a program inserts into a text."""


class Source(NamedTuple):
    """A module of a program; `room` is the folder that it is in, empty for one beside the programs."""

    room: str
    name: str
    calls: Sequence[tuple[str, ast.Call]]
    """The calls in it, with the names of what is called, such as `self.log.info`."""


def modules(*words: str) -> Iterator[Source]:
    """The modules of all programs that contain one of the words."""
    for path in sorted(SOURCES.rglob("*.py")):
        parts = path.relative_to(SOURCES).parts
        if "node_modules" in parts or parts[0] == "testing":
            continue
        text = path.read_text()
        if any(word in text for word in words):
            name = ".".join(("sensu", *parts)).removesuffix(".py")
            yield Source(parts[0] if len(parts) > 1 else "", name, list(_calls(ast.parse(text))))


def texts_of(node: ast.expr) -> list[str]:
    """The texts that an expression can have, with gaps for what is inserted; none if it is computed."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        parts = (str(part.value) if isinstance(part, ast.Constant) else GAP for part in node.values)
        return ["".join(parts).replace(GAP + GAP, GAP)]
    if isinstance(node, ast.IfExp):
        return [*texts_of(node.body), *texts_of(node.orelse)]
    return []


def _calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (name := _dotted(node.func)):
            yield name, node


def _dotted(node: ast.expr) -> str:
    """A name with dots, empty for any other expression."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (owner := _dotted(node.value)):
        return f"{owner}.{node.attr}"
    return ""
