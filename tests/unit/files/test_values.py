"""Files of many documents, as people and attackers write them."""

import subprocess
import sys
import time

import pytest

from sensu.errors import InvalidResource
from sensu.files.values import ALIASED_NODES_MAX, values_of


def bomb(levels: int) -> str:
    """YAML of which each level repeats the one before nine times."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\n---\nb: 2\n", [(1, {"a": 1}), (3, {"b": 2})]),
        ("--- {a: 1}\n---\nb: 2\n", [(1, {"a": 1}), (3, {"b": 2})]),
        ("--- a: 1\n", [(1, {"a": 1})]),
        ("# first\n--- # second\na: 1\n", [(3, {"a": 1})]),
        ("%YAML 1.1\n---\na: 1\n", [(3, {"a": 1})]),
        ("%YAML 1.2\n%TAG ! tag:x,1:\n---\na: 1\n...\n%YAML 1.2\n---\nb: 2\n", [(4, {"a": 1}), (8, {"b": 2})]),
        ("a: 1\n---\n# only a comment\n---\nb: 2\n", [(1, {"a": 1}), (5, {"b": 2})]),
        ("# nothing\n\n# at all\n", []),
        ("", []),
        ("---\r\na: 1\r\n---\r\nb: 2\r\n", [(2, {"a": 1}), (4, {"b": 2})]),
        ("a: 1\n-----\nb: 2\n", [(1, {"a": 1}), (3, {"b": 2})]),
        ("{a: 1}\n", [(1, {"a": 1})]),
        ('{"a": 1}\n{"b": 2}\n', [(1, {"a": 1}), (2, {"b": 2})]),
        ("a: |\n  x\n  ---\n  y\n", [(1, {"a": "x\n---\ny\n"})]),
    ],
)
def test_documents_are_found_wherever_they_begin(text: str, expected: list[tuple[int, object]]) -> None:
    """None is lost: on the separator's line, behind directives or comments, in braces; each has its line."""
    assert list(values_of(text)) == expected


@pytest.mark.parametrize("text", [bomb(6), bomb(60), "---\n".join([bomb(5) + "\n"] * 3)])
def test_a_few_lines_cannot_fill_the_memory(text: str) -> None:
    """Aliases that stand for more than a bounded number of values, in one document or several, refuse the file."""
    begin = time.monotonic()
    with pytest.raises(InvalidResource, match=f"aliases repeat more than {ALIASED_NODES_MAX} values"):
        list(values_of(text))
    assert time.monotonic() - begin < 5


def test_aliases_that_save_typing_are_read() -> None:
    """What people use aliases for goes on working."""
    text = "base: &base {interval: 60, handlers: [a, b]}\nchecks: [*base, *base]\n"
    base = {"interval": 60, "handlers": ["a", "b"]}
    assert list(values_of(text)) == [(1, {"base": base, "checks": [base, base]})]


def test_an_alias_of_what_it_stands_in_is_refused() -> None:
    """A value that holds itself has no end."""
    with pytest.raises(InvalidResource, match="an alias is inside the value that it repeats"):
        list(values_of("a: &a [*a]\n"))


DEEP = {
    "json": "'{\"a\":' * 50_000",
    "json lists": '"[" * 200_000',
    "closed json": '"[" * 500 + "]" * 500',
    "yaml flow": '"a: " + "[" * 200_000',
    "yaml braces": '"x: " + "{a: " * 100_000',
    "yaml dashes": '"- " * 100_000 + "a"',
    "yaml indented": '"\\n".join(" " * n + "a:" for n in range(600))',
}


@pytest.mark.parametrize("name", DEEP)
def test_deep_nesting_is_an_error_and_not_the_end_of_the_program(name: str) -> None:
    """However deep a file nests, there is one message; the program does not run out of stack."""
    code = f"from sensu.files.values import values_of\ntry:\n    list(values_of({DEEP[name]}))\n"
    code += "except Exception as err:\n    print(type(err).__name__, err)\n"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended
    assert ended.stdout.startswith("ParseError error parsing resources: "), ended
    assert "nested more than 100 levels deep" in ended.stdout
