"""The table of commands: every one can be run and explained."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sensu.sensuctl import tree
from sensu.sensuctl.command import Command, Group
from sensu.sensuctl.configuration import GLOBAL_FLAGS
from sensu.sensuctl.reference import reference
from sensu.sensuctl.tree.contents import TREE
from sensu.sensuctl.usage import command_help, group_help


def commands() -> Iterator[tuple[str, Command]]:
    for name, found in TREE.items():
        if isinstance(found, Group):
            yield from ((f"{name} {command.name}", command) for command in found.commands)
        else:
            yield name, found


ALL = dict(commands())


@pytest.mark.parametrize("name", ALL)
def test_every_command_has_a_function_and_a_help_with_an_example(name: str) -> None:
    """Nothing that help shows is missing, and help shows how each command is used."""
    command = ALL[name]
    assert callable(command.function())
    text = command_help(command)
    assert f"Usage:\tsensuctl {command.usage}" in text
    assert command.usage.startswith(name)
    assert f"  sensuctl {name}" in text or "eval $(sensuctl" in text or "source <(sensuctl" in text
    assert command.summary in text


@pytest.mark.parametrize("name", ALL)
def test_flags_of_a_command_are_unambiguous(name: str) -> None:
    """No two flags of a command share a name or a letter."""
    flags = ALL[name].flags
    letters = [flag.short for flag in flags if flag.short]
    assert len({flag.name for flag in flags}) == len(flags)
    assert len(set(letters)) == len(letters)
    assert all(flag.help for flag in (*flags, *GLOBAL_FLAGS))


def test_the_reference_in_the_documentation_is_up_to_date() -> None:
    """The reference in docs/ says what help says; `make docs` updates it."""
    page = Path(__file__).resolve().parents[4] / "docs/sensuctl/reference.md"
    assert page.read_text() == reference()


def test_every_module_of_the_tree_is_in_the_contents() -> None:
    """A command that has a file has a line of the help, and the other way round."""
    modules = {path.stem for path in Path(tree.__file__).parent.glob("*.py")} - {"__init__", "contents"}
    assert modules == {name.replace("-", "_") for name in TREE}
    assert len(TREE) == len(modules)


def test_help_lists_every_noun_and_verb() -> None:
    """Help lists all commands, of sensuctl and of a noun."""
    assert all(f"  {name} " in group_help(None) for name in TREE)
    check = TREE["check"]
    assert isinstance(check, Group)
    assert all(f"  {command.name} " in group_help(check) for command in check.commands)


def modules_after(code: str) -> set[str]:
    listing = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"],
        capture_output=True,
        check=True,
        text=True,
        timeout=60,
    ).stdout
    return set(json.loads(listing))


def test_nothing_is_loaded_that_a_list_does_not_need() -> None:
    """A list starts quickly, because libraries for other commands stay on the disk."""
    loaded = modules_after("import sensu.sensuctl.main, sensu.sensuctl.tree.check, sensu.sensuctl.session")
    heavy = {"msgspec", "yaml", "http.client", "ssl", "asyncio", "dataclasses", "pathlib", "subprocess", "aiohttp"}
    assert loaded & heavy == set()
