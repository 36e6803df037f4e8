"""Completion of command lines, as a real bash does it."""

import io
import shutil
import subprocess
from pathlib import Path

import pytest

from sensu.sensuctl.main import run

ASK = """
{script}
COMP_WORDS=({words})
COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
_sensuctl
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def script(shell: str, home: Path) -> str:
    out = io.StringIO()
    assert run(["completion", shell], {"HOME": str(home)}, io.StringIO(), out, io.StringIO()) == 0
    return out.getvalue()


@pytest.fixture(scope="module")
def bash_script(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What `sensuctl completion bash` writes."""
    return script("bash", tmp_path_factory.mktemp("home"))


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash to ask")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("sensuctl ch", ["check"]),
        ("sensuctl check lis", ["list"]),
        ("sensuctl --namespace prod check lis", ["list"]),
        ("sensuctl check --namespace prod list --f", ["--field-selector", "--format"]),
        ("sensuctl check list --format j", ["json"]),
        ("sensuctl check list --format = j", ["json"]),
        ("sensuctl dump checks --om", ["--omit"]),
        ("sensuctl describe-type rolebi", ["rolebindings"]),
        ("sensuctl completion f", ["fish"]),
        ("sensuctl check create --handlers 'a b' --round", ["--round-robin"]),
        ("sensuctl create -f note", ["notes.yml"]),
        ("sensuctl nonsense --", [""]),
    ],
)
def test_bash_offers_what_may_follow(bash_script: str, tmp_path: Path, words: str, expected: list[str]) -> None:
    """Commands, flags, their values and types are offered where they may stand, files elsewhere."""
    (tmp_path / "notes.yml").touch()
    text = ASK.format(script=bash_script, words=words)
    found = subprocess.run(["bash"], input=text, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=30)
    assert (found.stdout.splitlines(), found.stderr) == (expected, "")


FAKE = """#!/bin/sh
[ "$1" = __complete ] || exit 1
printf '%s\\n' "$*" >> asked
printf '%s\\n' disk disk-io memory '$(touch owned)' 'web:*'
"""


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash to ask")
@pytest.mark.parametrize(
    ("words", "expected", "asked"),
    [
        ("./sensuctl check info di", ["disk", "disk-io"], "check info"),
        (
            "./sensuctl --namespace prod check delete --skip-confirm me",
            ["memory"],
            "--namespace prod check delete",
        ),
        ("./sensuctl edit check di", ["disk", "disk-io"], "edit check"),
        ("./sensuctl event info disk me", ["memory"], "event info disk"),
        ("./sensuctl check list --namespace di", ["disk", "disk-io"], "check list --namespace"),
        ("./sensuctl check info '$('", ["$(touch owned)"], "check info"),
        ("./sensuctl silenced delete w", ["web:*"], "silenced delete"),
    ],
)
def test_bash_asks_the_server_for_names(
    bash_script: str, tmp_path: Path, words: str, expected: list[str], asked: str
) -> None:
    """Where the name of a resource belongs, those that there are come, no files, and none is run as a command."""
    (tmp_path / "memory.txt").touch()
    program = tmp_path / "sensuctl"
    program.write_text(FAKE)
    program.chmod(0o755)
    text = ASK.format(script=bash_script, words=words)
    found = subprocess.run(["bash"], input=text, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=30)
    assert (found.stdout.splitlines(), found.stderr) == (expected, "")
    assert (tmp_path / "asked").read_text().startswith(f"__complete {asked}")
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_offer_the_same(tmp_path: Path, shell: str) -> None:
    """Each command, flag and choice is in the script."""
    text = script(shell, tmp_path)
    assert all(
        word in text
        for word in ("check", "set-hooks", "__complete", "round-robin", "wrapped-json", "rolebindings", "powershell")
    )


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_scripts_are_good_for_their_shells(tmp_path: Path, shell: str) -> None:
    """The shell itself finds nothing wrong."""
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"there is no {shell} to ask")
    text = script(shell, tmp_path)
    subprocess.run([program, "-n"], input=text, text=True, check=True, timeout=30)
