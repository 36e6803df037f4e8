"""Docstrings, messages, help and docs are in plain English: a short list of phrases that they do not use.

The patterns are narrow on purpose. They look only at prose: literals with a space in them, and documents without code.
They allow "so many that", "so many as", and "beside" for a place; identifiers are not looked at.
"""

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
SOURCES = sorted(path for path in (CHECKOUT / "src").rglob("*.py") if "node_modules" not in path.parts)
DOCUMENTS = sorted(
    path
    for path in [*CHECKOUT.glob("*.md"), *CHECKOUT.glob("docs/**/*.md"), *CHECKOUT.glob("src/**/schema/*.graphql")]
    if path.stem != "CHANGELOG"
)
WRITING = r"(?:stor(?:e|es|ed|ing)|writ(?:e|es|ten|ing)|wrote|commit(?:s|ted)?|record(?:s|ed)?|sav(?:e|es|ed|ing))"
LEARNING = [
    CHECKOUT / "docs/index.md",
    CHECKOUT / "docs/get-started.md",
    *(path for folder in ("tutorials", "concepts", "how-to") for path in sorted(CHECKOUT.glob(f"docs/{folder}/*.md"))),
]
"""The pages for those who do not know Sensu yet."""
SENTENCE_WORDS_MAX = 30
BELITTLING = re.compile(r"\b(?:simply|just|easy|easily|obviously|basically)\b", re.I)
BANNED = {
    "told (say, report, call with; distinguish for 'told apart')": r"\btold\b",
    "anew (again)": r"\banew\b",
    "so many (a number, at most)": r"\bso many\b(?!(?: \w+)? (?:that|as)\b)",
    "whoever (a client, a user, a caller that)": r"\bwhoever\b",
    "there is no … of (has no, does not exist)": r"\bthere (?:is|are) (?:none|nothing|no \w+) of\b",
    "beside for writes (together with)": rf"\b{WRITING}\b[^.;:]*\bbeside\b",
}


def _pieces(text: str) -> str:
    return " ".join(re.sub(r"`[^`]*`", "`", text).split())


def _literal(node: ast.JoinedStr) -> str:
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)


def prose_of(source: str) -> Iterator[tuple[int, str]]:
    """The docstrings and literals with a space in them, with their lines."""
    tree = ast.parse(source)
    within = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield node.lineno, _pieces(_literal(node))
        elif id(node) not in within and isinstance(node, ast.Constant) and " " in str(node.value):
            yield node.lineno, _pieces(str(node.value))


def prose_of_document(text: str) -> Iterator[tuple[int, str]]:
    """The paragraphs of a Markdown document, with their first lines; code is left out."""
    without_code = re.sub(r"^(```+).*?^\1", lambda code: "\n" * code.group().count("\n"), text, flags=re.M | re.S)
    line = 1
    for paragraph in re.split(r"(\n\s*\n)", without_code):
        yield line + len(paragraph) - len(paragraph.lstrip("\n")), _pieces(paragraph)
        line += paragraph.count("\n")


def faults_in(prose: str) -> list[str]:
    """The banned phrases in a text."""
    return [phrase for phrase, pattern in BANNED.items() if re.search(pattern, prose, re.I)]


def faults_of(paths: Sequence[Path], prose_in: Callable[[str], Iterator[tuple[int, str]]]) -> list[str]:
    """The banned phrases in files, each with its place."""
    return [
        f"{path.relative_to(CHECKOUT)}:{line}: {fault}"
        for path in paths
        for line, prose in prose_in(path.read_text())
        for fault in faults_in(prose)
    ]


def test_docstrings_and_messages_are_in_plain_english() -> None:
    """Docstrings, messages, help texts and API summaries do not use the banned phrases."""
    assert faults_of(SOURCES, prose_of) == []


def test_documents_are_in_plain_english() -> None:
    """The documents do not use the banned phrases."""
    assert faults_of(DOCUMENTS, prose_of_document) == []


def sentences_of(text: str) -> Iterator[str]:
    """The sentences of a page, without headings, tables and code; the parts around a colon count as sentences."""
    linked = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    for _, paragraph in prose_of_document(re.sub(r"^(?:[|#].*|[-\d.]+ )", "\n", linked, flags=re.M)):
        yield from re.split(r"(?<=[.!?:;])\s+", paragraph)


def test_pages_for_learners_have_short_sentences_and_belittle_nobody() -> None:
    """Tutorials, concepts and how-to pages say one thing in a sentence, and do not call it easy."""
    sentences = [(page.name, sentence) for page in LEARNING for sentence in sentences_of(page.read_text())]
    assert [each for each in sentences if len(each[1].split()) > SENTENCE_WORDS_MAX] == []
    assert [each for each in sentences if BELITTLING.search(each[1])] == []


@pytest.mark.parametrize(
    ("prose", "is_banned"),
    [
        ("what a client is told", True),
        ("The file is opened anew.", True),
        ("With so many events waiting, agents are not read.", True),
        ("so many events that the queue is full", False),
        ("not so many as before", False),
        ("Whoever may list it may watch it.", True),
        ("there is none of that name", True),
        ("There is no event of that check.", True),
        ("There is no limit.", False),
        ("What is stored beside an event.", True),
        ("The icon is beside the name.", False),
        ("The name is stored. The icon is beside it.", False),
    ],
)
def test_patterns_match_the_phrases_and_allow_ordinary_uses(prose: str, is_banned: bool) -> None:
    """Each pattern finds its phrase, and nothing that plain English needs."""
    assert bool(faults_in(prose)) == is_banned


def test_prose_is_found_in_f_strings_and_not_in_code() -> None:
    """Messages with values are prose; identifiers, single words and code in documents are not."""
    source = 'told = "told"\nraise ValueError(f"{told} times anew")\n'
    assert list(prose_of(source)) == [(2, "X times anew")]
    document = "# Title\n\n```sh\necho told\n```\n\nUse `told` anew.\n"
    assert [faults_in(prose) for _, prose in prose_of_document(document) if faults_in(prose)] == [
        ["anew (again)"],
    ]
