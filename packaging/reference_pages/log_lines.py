"""The lines of the logs, from the calls that write them."""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from reference_pages.markdown import code, prose, table
from reference_pages.sources import GAP, Source, modules, texts_of

HEAD = """# Log lines

Backend and agent write JSON to standard error, one object a line. systemd keeps it: `journalctl -u sensu-backend`.

```json
{"component": "agent", "level": "error", "msg": "check run failed", "time": "2026-11-28T17:29:18Z", "check": "disk"}
```

`--log-level` sets the lowest level that is written: `error`, `warn`, `info`, `debug` or `trace`. This page is generated
from the code. `…` stands for what is inserted, and for further fields. Lines about an unexpected failure have the field
`error`, too.
"""
_LEVELS = {"exception": "error", "critical": "fatal"}
_ORDER = ("fatal", "error", "warning", "info", "debug")
_WRITES = re.compile(r"(?:self\.)?_?log\.(debug|info|warning|error|exception|critical|log)")
_PROGRAMS = {"sensu-agent": ("agent",), "sensu-backend": ("backend",)}
_SHARED = "Both programs"


class Line(NamedTuple):
    """A line that a program can write."""

    level: str
    component: str
    message: str


def page() -> str:
    """The page in Markdown."""
    found: dict[str, dict[Line, list[str]]] = {program: {} for program in (*_PROGRAMS, _SHARED)}
    for source in modules("getLogger"):
        program = next((name for name, rooms in _PROGRAMS.items() if source.room in rooms), _SHARED)
        for line, fields in _lines(source):
            found[program].setdefault(line, []).extend(fields)
    parts = [HEAD]
    for program, lines in found.items():
        rows = [
            (line.level, code(line.component), prose(line.message), _listed(fields))
            for line, fields in sorted(lines.items(), key=lambda each: (_ORDER.index(each[0].level), *each[0]))
        ]
        parts += [f"## {program}\n", table(("level", "component", "msg", "fields"), rows)]
    return "\n".join(parts)


def _lines(source: Source) -> Iterator[tuple[Line, tuple[str, ...]]]:
    component = _component(source)
    for name, call in source.calls:
        match = _WRITES.fullmatch(name)
        if match is None or not call.args:
            continue
        levels, message = [_LEVELS.get(match[1], match[1])], call.args[0]
        if match[1] == "log":
            levels, message = _levels(call.args[0]), call.args[1]
        texts = texts_of(message)
        both = isinstance(message, ast.IfExp) and len(levels) == len(texts)
        for level, text in zip(levels, texts, strict=True) if both else ((lv, tx) for lv in levels for tx in texts):
            yield Line(level, component, text), _fields(call)


def _listed(fields: list[str]) -> str:
    """The fields of all calls that write a line, each once, the gap last."""
    return ", ".join(code(name) for name in sorted(set(fields), key=lambda name: (name == GAP, fields.index(name))))


def _levels(node: ast.expr) -> list[str]:
    """The levels in an expression such as `logging.ERROR if failed else logging.INFO`."""
    named = [part.attr.lower() for part in ast.walk(node) if isinstance(part, ast.Attribute)]
    return [_LEVELS.get(name, name) for name in named if _LEVELS.get(name, name) in _ORDER] or ["info"]


def _component(source: Source) -> str:
    """The name of a module's logger, as lines have it."""
    for name, call in source.calls:
        if name == "logging.getLogger" and call.args:
            given = texts_of(call.args[0])
            return (given[0] if given else source.name).removeprefix("sensu.")
    return source.name.removeprefix("sensu.")


def _fields(call: ast.Call) -> tuple[str, ...]:
    """The fields that a call adds."""
    extra = next((each.value for each in call.keywords if each.arg == "extra"), None)
    if extra is None:
        return ()
    named = extra.keywords if isinstance(extra, ast.Call) else []
    names = [each.arg for each in named if each.arg]
    is_whole = isinstance(extra, ast.Call) and ast.unparse(extra.func) == "fields" and len(names) == len(named)
    return (*names, *(() if is_whole else (GAP,)))
