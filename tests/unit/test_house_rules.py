"""The rules of CONTRIBUTING.md that no linter knows."""

import ast
import functools
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

from sensu.resources import kinds

CHECKOUT = Path(__file__).resolve().parents[2]
SOURCES = sorted(path for path in (CHECKOUT / "src").rglob("*.py") if "node_modules" not in path.parts)
TESTS = sorted((CHECKOUT / "tests").rglob("*.py"))
MODULE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
VAGUE_NAMES = re.compile(r"(^|_)(utils?|helpers?|manager|misc|common)(_|$)")
CLOCK_READERS = re.compile(
    r"\btime\.(time|monotonic|perf_counter)(_ns)?\b|from time import|datetime\.(now|utcnow|today)\(|\bdate\.today\("
)
KINDS_IN_A_LIST_MAX = 5
KINDS_MAY_BE_LISTED = [
    CHECKOUT / "src/sensu/backend/secrets/assembly.py",
    CHECKOUT / "src/sensu/rules/kinds/table.py",
    CHECKOUT / "src/sensu/transport/protobuf_schema.py",
]
"""The classes of secrets providers by their types, the table of rules, and the table of messages of the agent protocol,
some of which have the names of kinds."""
SEVERAL_MEANINGS = {
    "Action": "a template's in the words of Go's text/template, and what a role may allow",
    "Command": "a template's in the words of Go's text/template, a shell command, and a command of sensuctl",
    "Pipeline": "a template's in the words of Go's text/template, and the kind of resource",
    "Records": "the part of the resource cache that a room needs; each room has its own protocol",
    "Refused": "a schema in /openapi.json, and a commit that the store refuses",
}
"""Names of public types that have several meanings, and why."""
CLOCKS = [CHECKOUT / "src/sensu/clock.py", CHECKOUT / "src/sensu_check/clock.py"]


@functools.cache
def tree_of(path: Path) -> ast.Module:
    """A module, parsed."""
    return ast.parse(path.read_text())


def spot(path: Path, line: int) -> str:
    """Where to look."""
    return f"{path.relative_to(CHECKOUT)}:{line}"


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_a_module_is_short_and_its_functions_are_too() -> None:
    """Nobody has to scroll through a module of more than 500 lines or a function of more than 70."""
    assert [str(path) for path in SOURCES if path.read_text().count("\n") > MODULE_LINES_MAX] == []
    assert [
        spot(path, function.lineno)
        for path in SOURCES
        for function in functions(tree_of(path))
        if (function.end_lineno or 0) - function.lineno >= FUNCTION_LINES_MAX
    ] == []


def test_packages_hold_no_code() -> None:
    """Importing a package runs nothing, so that a program loads only what it uses."""
    assert [path for path in SOURCES if path.name == "__init__.py" and path.read_text().strip()] == []


def test_files_are_named_after_what_they_hold() -> None:
    """No file has a name under which anything could be found."""
    assert [path for path in SOURCES if VAGUE_NAMES.search(path.stem)] == []


def test_only_the_clock_reads_time() -> None:
    """Whatever depends on time can be tested without waiting."""
    readers = [path for path in SOURCES if path not in CLOCKS and CLOCK_READERS.search(path.read_text())]
    assert readers == []


def test_bytes_that_are_not_utf_8_are_expected_wherever_json_is_read() -> None:
    """Msgspec raises UnicodeDecodeError, not DecodeError, for a text that is not valid UTF-8."""
    handlers = [(path, line) for path in SOURCES for line in path.read_text().splitlines() if "except" in line]
    decoding = [(path, line) for path, line in handlers if "msgspec.DecodeError" in line]
    assert [one for one in decoding if not re.search("UnicodeDecodeError|ValueError", one[1])] == []


def test_every_dependency_is_imported() -> None:
    """What pyproject.toml installs for users is used: its packages are imported somewhere in src."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    declared = {_normalised(re.split(r"[<>=;]", requirement)[0]) for requirement in project["dependencies"]}
    imported = {name for path in SOURCES for name in re.findall(r"^\s*(?:from|import) (\w+)", path.read_text(), re.M)}
    owners = packages_distributions()
    used = {_normalised(owner) for name in imported for owner in owners.get(name, ())}
    assert declared - used == set()


def _normalised(distribution: str) -> str:
    return re.sub("[-_.]+", "-", distribution.strip()).lower()


@functools.cache
def promised_in(path: Path) -> "list[ast.FunctionDef | ast.AsyncFunctionDef]":
    """The tests in a module."""
    return [function for function in functions(tree_of(path)) if function.name.startswith("test_")]


def test_every_test_says_what_it_promises() -> None:
    """Each test opens with the promise that it guards, and none replaces our own code by a mock."""
    assert [
        spot(path, test.lineno) for path in TESTS for test in promised_in(path) if not ast.get_docstring(test)
    ] == []
    mocks = re.compile(r"^\s*(from|import) unittest.mock", re.MULTILINE)
    assert [str(path) for path in TESTS if mocks.search(path.read_text())] == []


WAITS_FOR_PROGRAMS = {"run", "communicate", "wait"}


def endless_waits(tree: ast.Module) -> Iterator[int]:
    """The lines that wait for a program of `subprocess` without a time-out."""
    awaited = {id(inner) for node in ast.walk(tree) if isinstance(node, ast.Await) for inner in ast.walk(node)}
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call) and id(node) not in awaited):
        owner, _, name = ast.unparse(call.func).rpartition(".")
        waits = name == "run" if owner == "subprocess" else name in WAITS_FOR_PROGRAMS and owner.endswith("process")
        timed = call.args if name == "wait" else any(each.arg == "timeout" for each in call.keywords)
        if waits and not timed:
            yield call.lineno


def test_waits_for_programs_have_time_outs() -> None:
    """A program that hangs fails the test that started it, soon and by name, and holds up no other."""
    assert [spot(path, line) for path in TESTS for line in endless_waits(tree_of(path))] == []


LOOP_RUNNERS = {"asyncio.run", "uvloop.run", "asyncio.Runner"}


def coroutines_handed_over(test: ast.FunctionDef) -> Iterator[str]:
    """What a synchronous test runs on a loop that it starts, or hands to a function that does."""
    nested = {node.name for node in ast.walk(test) if isinstance(node, ast.AsyncFunctionDef)}
    for call in (node for node in ast.walk(test) if isinstance(node, ast.Call)):
        name = ast.unparse(call.func)
        if name in LOOP_RUNNERS:
            yield name
        if name.rpartition(".")[2][0].islower():  # the name of a function, not of a class
            yield from (each.id for each in call.args if isinstance(each, ast.Name) and each.id in nested)


def test_what_is_asynchronous_is_an_asynchronous_test() -> None:
    """A test that awaits is `async def` itself, with fixtures for what it needs, and runs no coroutine itself."""
    assert [
        f"{spot(path, test.lineno)}: {name}"
        for path in TESTS
        for test in promised_in(path)
        if isinstance(test, ast.FunctionDef)
        for name in coroutines_handed_over(test)
    ] == []


MAY_SLEEP = {
    "cluster/faults": "processes are away for a real while",
    "contract": "recordings say how long a step lasted",
    "faults": "a network, a disk or a program is away for a real while",
    "e2e/test_event_log.py": "a signal that changes nothing cannot be waited for",
    "flows/test_agent_local.py": "a document arrives in two pieces",
    "flows/test_agentd_events.py": "several messages arrive before one of them is answered",
    "flows/test_api_pipelining.py": "what a server holds is looked at while a client sends",
    "flows/test_moving_slots.py": "a real command goes on running",
    "store/test_coordination.py": "commits of several processes meet at different moments",
    "store/test_moved_database.py": "file systems have a resolution of time",
    "store/test_sqlite.py": "the rests of a real event loop are counted",
    "unit/agent/test_http_server.py": "what a server holds is looked at while a client sends",
    "unit/backend/test_event_log.py": "a thread waits in a write to a pipe",
    "unit/notify/test_sender_process.py": "a real process goes on waiting",
    "real/vault_protocol.py": "a server is slow on request",
    "jumping_loop.py": "virtual time passes on its loop",
    "simulation": "virtual time passes on its loop",
}
"""Where tests let real time pass, not in a loop that waits for something, and why."""


def sleeps(path: Path) -> Iterator[int]:
    """The lines that let real time pass, other than in a loop that waits for something."""
    todo: list[ast.AST] = [tree_of(path)]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("asyncio.sleep", "time.sleep"):
            if ast.unparse(node.args[0]) != "0":
                yield node.lineno
        elif not isinstance(node, ast.While):
            todo.extend(ast.iter_child_nodes(node))


def test_tests_do_not_sleep() -> None:
    """Tests use virtual time or wait for what they need, apart from those that are listed here with the reason."""
    folder = CHECKOUT / "tests"
    found = {path.relative_to(folder) for path in TESTS if list(sleeps(path))}
    excused = {path for path in found for place in MAY_SLEEP if path.is_relative_to(place)}
    assert found - excused == set()
    assert [place for place in MAY_SLEEP if not any(path.is_relative_to(place) for path in found)] == []


def kinds_named(node: ast.AST) -> set[str]:
    """The kinds that a tuple, list, set, dict or match names: by their constants, structs or words in URLs."""
    if isinstance(node, ast.Dict):
        parts = [part for part in (*node.keys, *node.values) if part is not None]
    elif isinstance(node, ast.Match):
        parts = [case.pattern for case in node.cases]
    elif isinstance(node, ast.Tuple | ast.List | ast.Set):
        parts = list(node.elts)
    else:
        return set()
    texts = {part.value for part in parts if isinstance(part, ast.Constant)}
    names = {inner.id for part in parts for inner in ast.walk(part) if isinstance(inner, ast.Name)}
    names |= {inner.attr for part in parts for inner in ast.walk(part) if isinstance(inner, ast.Attribute)}
    return {
        kind.type
        for name, kind in vars(kinds).items()
        if isinstance(kind, kinds.Kind)
        if name in names or (not kind.types and kind.shape.__name__ in names) or texts & {kind.segment, kind.type}
    }


def test_kinds_are_listed_in_the_tables_alone() -> None:
    """A new kind needs a row in each of the two tables, and no other list of five or more kinds."""
    lists = [
        f"{path.relative_to(CHECKOUT)}:{node.lineno}"
        for path in SOURCES
        if path not in KINDS_MAY_BE_LISTED
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.expr | ast.stmt) and len(kinds_named(node)) >= KINDS_IN_A_LIST_MAX
    ]
    assert lists == []


def public_types(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """The public classes and type aliases of a module, each with what tells it from others of its name."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield node.name, f"class at line {node.lineno}"
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    yield target.id, ast.dump(node.value)


def test_one_public_type_means_one_thing() -> None:
    """A reader who knows a class or an alias by its name knows it in every module; equal aliases count as one."""
    meanings: dict[str, dict[str, str]] = {}
    for path in SOURCES:
        for name, meaning in public_types(tree_of(path)):
            if re.fullmatch("[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*", name):
                where = str(path.relative_to(CHECKOUT))
                meanings.setdefault(name, {})[f"{where}: {meaning}" if meaning.startswith("class") else meaning] = where
    several = {name: sorted(where.values()) for name, where in meanings.items() if len(where) > 1}
    assert {name: where for name, where in several.items() if name not in SEVERAL_MEANINGS} == {}
    assert set(SEVERAL_MEANINGS) <= set(several), "an exception is no longer needed"


def test_the_changelog_has_each_line_once_in_a_section() -> None:
    """A line of the changelog belongs to a section; a merge that brings lines back is noticed."""
    unreleased = (CHECKOUT / "CHANGELOG.md").read_text().split("\n## ")[1]
    before, *sections = re.split("^### ", unreleased, flags=re.MULTILINE)
    assert [line for line in before.splitlines() if line.startswith("-")] == []
    assert [section.partition("\n")[0] for section in sections] == ["Added", "Changed", "Fixed", "Security"]
    lines = [line for line in unreleased.splitlines() if line.startswith("- ")]
    starts = Counter(line[:60] for line in lines)
    assert [start for start, count in starts.items() if count > 1] == []


def test_the_navigation_of_the_site_has_each_page_once() -> None:
    """Readers of the site find each page of docs/, and each that follows from the code, under one heading."""
    docs = CHECKOUT / "docs"
    navigation = (CHECKOUT / "mkdocs.yml").read_text().partition("\nnav:\n")[2]
    listed = Counter(re.findall(r"^ *- (?:.*: )?(\S+\.md)$", navigation, re.MULTILINE))
    generated = (CHECKOUT / "packaging/reference_pages/pages.py").read_text()
    others = {"changes.md", *re.findall(r'"(\S+\.md)"', generated)}
    pages = {str(page.relative_to(docs)) for page in docs.rglob("*.md")} | others
    assert pages - set(listed) == set(), "add these pages to the navigation in mkdocs.yml"
    assert set(listed) - pages == set(), "these pages of the navigation do not exist"
    assert [page for page, times in listed.items() if times > 1] == []
