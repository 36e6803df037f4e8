"""Imported resources as tests look at them: checks with their commands as `sensu-check` reads them."""

import shlex
import subprocess
from argparse import Namespace
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from sensu.resources.check import CheckConfig
from sensu.resources.kinds import CHECK, Kind
from sensu.rules.importing.imported import Imported
from sensu.rules.kinds import check_config
from sensu.rules.tokens import substitute
from sensu_check.main import parser_of

SAMPLES = Path(__file__).parent / "samples"


def documents(imported: Imported, kind: Kind) -> Mapping[str, Mapping[str, Any]]:
    """The documents of a kind by name."""
    return {one.name: one.document() for one in imported.resources if one.kind == kind}


def checks(imported: Imported) -> Mapping[str, Mapping[str, Any]]:
    """The specs of the checks by name; each is a valid check."""
    found = documents(imported, CHECK)
    for name, document in found.items():
        whole = {**document["spec"], "metadata": {**document["metadata"], "namespace": "default"}}
        assert check_config.problem(msgspec.convert(whole, CheckConfig)) is None, name
    return {name: document["spec"] for name, document in found.items()}


def words_of(command: str, entity: Mapping[str, Any] | None = None, **variables: str) -> list[str]:
    """The words of a command as the program gets them: after tokens, and after the shell."""
    replaced = substitute(command, entity or {"name": "agent"}, "command")
    script = f'set -- {replaced}; for word; do printf "%s\\0" "$word"; done'
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True, env=variables, timeout=10)
    return done.stdout.split("\0")[:-1]


def read_by_sensu_check(command: str) -> Namespace:
    """The arguments as `sensu-check` reads them; a command that it refuses ends the test."""
    program, name, *arguments = shlex.split(substitute(command, {"name": "agent"}, "command"))
    assert program == "sensu-check"
    module: Any = import_module(f"sensu_check.checks.{name.replace('-', '_')}")
    return parser_of(name, module).parse_args(arguments)
