"""Long files: how long they take, what is shown on the way, and what is said when something is wrong in the middle."""

import json
import time
from pathlib import Path

from tests.cli.conftest import Sensuctl, logged_in

COUNT = 2000
CPU_S_MAX = 10.0


def check(number: int, interval: int = 60) -> str:
    return (
        f"type: CheckConfig\napi_version: core/v2\nmetadata:\n  name: many-{number:04}\n"
        f"spec:\n  command: echo {number}\n  interval: {interval}\n"
    )


LINES_EACH = check(0).count("\n") + 1


def test_two_thousand_resources_a_mistake_in_the_middle_and_a_second_run(
    sensuctl: Sensuctl, api_url: str, tmp_path: Path
) -> None:
    """A refused resource is named with file and line, what came before it stays, and the next run completes it all."""
    path = tmp_path / "many.yml"
    documents = [check(number) for number in range(COUNT)]
    path.write_text("---\n".join([*documents[:1000], check(1000, interval=0), *documents[1001:]]))
    ended = sensuctl("create", "-f", str(path))
    assert (ended.status, ended.out) == (1, "")
    line = 1000 * LINES_EACH + 1
    assert path.read_text().splitlines()[line - 1] == "type: CheckConfig"
    assert ended.err.startswith(
        f'Error: in {path}, line {line}: error putting resource #1000 with name "many-1000" and namespace "default" '
    )
    assert "check interval must be greater than 0" in ended.err
    assert ended.err.count("\n") == 1
    assert len(json.loads(sensuctl("check", "list", "--format", "json").out)) == 1000

    path.write_text("---\n".join(documents))
    at_terminal = logged_in(api_url, tmp_path / "home", terminal=True)
    begin = time.process_time()
    ended = at_terminal("create", "-f", str(path))
    assert time.process_time() - begin < CPU_S_MAX
    assert (ended.status, ended.out) == (0, "")
    assert f"create [{'#' * 15}{'.' * 15}]  50% of {COUNT}" in ended.err
    assert ended.err.splitlines()[-2] == f"created or replaced: {COUNT} resources"
    assert len(json.loads(sensuctl("check", "list", "--format", "json").out)) == COUNT


def test_files_that_cannot_be_parsed_are_named_with_the_line(sensuctl: Sensuctl, tmp_path: Path) -> None:
    """Among several files a number says nothing, so each mistake comes with its file and line."""
    (tmp_path / "a.yml").write_text(check(1))
    (tmp_path / "b.yml").write_text(check(2) + "---\n" + check(3).replace("spec:", "spec:\n  subdue: {dayz: 1}"))
    (tmp_path / "c.yml").write_text("\n\n" + check(4).replace("echo 4", "[4]"))
    ended = sensuctl("create", "-f", str(tmp_path))
    assert (ended.status, ended.out) == (1, "")
    b, c = tmp_path / "b.yml", tmp_path / "c.yml"
    assert ended.err.splitlines() == [
        f'resource 1 ({b}, line 9): warning: json: unknown field "subdue.dayz"; did you mean "days"?',
        f"resource 0 ({c}, line 3): command: expected str, got array",
        f"Error: in {c}: some resources couldn't be parsed",
    ]
