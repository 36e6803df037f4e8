"""What importers have in common: names, secrets, attempts, and commands for the shell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.files.documents import Document, read_documents
from sensu.resources.kinds import CHECK, EVENT_FILTER
from sensu.rules.importing.command_words import ShellVariable, shell_command
from sensu.rules.importing.http_statuses import status_list
from sensu.rules.importing.imported import Imported, Review, literal, name_from
from sensu.rules.names import name_problem
from sensu.rules.native_expression import native
from sensu.rules.tokens import substitute
from sensu.sensuctl.review_text import reviewed_yaml, variables_text
from tests.unit.rules.importing.imports import documents, words_of

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=40)


@given(TEXTS)
def test_any_text_gives_a_name_or_none(text: str) -> None:
    """A name made of a text follows the rules of names."""
    name = name_from(text)
    assert name == "" or name_problem(name) is None


def test_the_same_name_is_given_once() -> None:
    """Two things with the same name become two resources, also if only the case differs."""
    imported = Imported("x", "s")
    assert [imported.name(CHECK, text) for text in ("Web 1", "web-1", "WEB 1", "···")] == [
        "Web-1",
        "web-1-2",
        "WEB-1-3",
        "checks",
    ]


@given(TEXTS)
def test_the_agent_finds_no_tokens_in_texts_of_others(text: str) -> None:
    """Braces are printed as they are."""
    if "<no value>" not in text:
        assert substitute(literal(text), {"name": "a"}, "t") == text


def test_the_shell_passes_words_on_unchanged() -> None:
    """Quotes, dollars and backslashes of another system do not start anything."""
    words = ["a b", "it's", "$(reboot)", "`reboot`", 'x"y', "\\", "{{ .name }}", ""]
    command = shell_command(*words, ('a"$(b)`c`\\', ShellVariable("TOKEN"), "z"))
    assert words_of(command, TOKEN="s t") == [*words, 'a"$(b)`c`\\s tz']


def test_a_secret_value_is_kept_out_of_the_resources() -> None:
    """The same value has one variable; different values never share one."""
    imported = Imported("x", "s")
    first, again, other = (imported.secret("A b", value) for value in ("v1", "v1", "v2"))
    assert first == again == {"name": "SENSU_IMPORT_A_B", "secret": "a-b"}
    assert other == {"name": "SENSU_IMPORT_A_B_2", "secret": "a-b-2"}
    assert variables_text({"A": 'x"$`\\ y'}) == 'A="x\\"\\$\\`\\\\ y"\n'


@pytest.mark.parametrize(
    ("status", "occurrences", "attempts", "denied"),
    [(2, 1, "3", True), (2, 3, "3", False), (2, 9, "10", True), (0, 1, "3", False), (2, 1, None, False)],
)
def test_failures_before_the_last_attempt_reach_no_handler(
    status: int, occurrences: int, attempts: str | None, denied: bool
) -> None:
    """The filter holds back failures until their number in a row, and nothing else."""
    imported = Imported("x", "s")
    imported.add_attempts_filter()
    [expression] = documents(imported, EVENT_FILTER)[imported.add_attempts_filter()]["spec"]["expressions"]
    check = {"status": status, "occurrences": occurrences, "annotations": {"attempts": attempts} if attempts else None}
    filter_of = native(expression, "event")
    assert filter_of is not None
    assert filter_of.evaluate({"check": check}, 0.0) is denied


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [(range(200, 300), "2xx"), ([200, 301, 1000], "200,301"), (range(200, 400), "2xx,3xx"), ([], "")],
)
def test_whole_classes_of_statuses_are_short(statuses: list[int], expected: str) -> None:
    """`2xx` means all statuses from 200 to 299, and what is not a status is left out."""
    assert status_list(statuses) == expected


@given(TEXTS, TEXTS)
def test_comments_stay_comments(text: str, other: str) -> None:
    """No text of another system becomes a part of a resource."""
    imported = Imported("x", "s")
    imported.leave_out(text, other)
    imported.add_check(
        text, {"command": shell_command(text, other), "interval": 60}, entity="e", reviews=[Review(text, "command")]
    )
    [found] = list(read_documents(reviewed_yaml(imported)))
    assert isinstance(found, Document)
    assert found.kind == CHECK
    assert found.body["command"] == shell_command(text, other)
