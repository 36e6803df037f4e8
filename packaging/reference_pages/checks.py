"""The checks of sensu-check, from their parsers."""

from argparse import SUPPRESS, Action
from importlib import import_module
from typing import cast

from reference_pages.markdown import code, prose, table

from sensu_check.main import PROGRAM, CheckModule, parser_of
from sensu_check.summaries import SUMMARIES

HEAD = f"""# sensu-check

`{PROGRAM} NAME` checks one thing and exits with 0 for OK, 1 for a warning, 2 for critical and 3 for unknown. This
page is generated from the help of each check. [Checks in the box](../checks.md) says how to use them, and what a range
is.
"""


def page() -> str:
    """The page in Markdown."""
    parsers = {name: parser_of(name, _module(name)) for name in sorted(SUMMARIES)}
    rows = [(f"[{name}](#{name})", prose(f"{SUMMARIES[name]}.")) for name in parsers]
    usual = set.intersection(*({_words(action) for action in parser._actions} for parser in parsers.values()))
    first = min(parsers)
    shared = _flags([action for action in parsers[first]._actions if _words(action) in usual])
    shared = shared.replace(f"default: {first}", "default: that of the check")
    parts = [HEAD, table(("check", "what it looks at"), rows), "## Flags of every check\n", shared]
    for name, parser in parsers.items():
        own = [action for action in parser._actions if _words(action) not in usual]
        parts += [f"## {name}\n", f"{prose(SUMMARIES[name])}.\n", _flags(own), _examples(name)]
    return "\n".join(part for part in parts if part)


def _module(name: str) -> CheckModule:
    return cast(CheckModule, import_module(f"sensu_check.checks.{name.replace('-', '_')}"))


def _words(action: Action) -> str:
    return ", ".join(action.option_strings) or str(action.metavar or action.dest)


def _flags(actions: list[Action]) -> str:
    rows = [(code(_shown(action)), prose(_help(action))) for action in actions if action.help != SUPPRESS]
    return table(("flag", "meaning"), rows) if rows else ""


def _shown(action: Action) -> str:
    words = _words(action)
    if not action.option_strings or action.nargs == 0:
        return words
    value = action.metavar or (f"{{{','.join(action.choices)}}}" if action.choices else action.dest.upper())
    return f"{words} {value}"


def _help(action: Action) -> str:
    return ((action.help or "") % {**vars(action), "prog": PROGRAM}).replace("%%", "%")


def _examples(name: str) -> str:
    lines = "\n".join(f"{PROGRAM} {name} {each}".rstrip() for each in _module(name).EXAMPLES)
    return f"```console\n{lines}\n```\n"
