"""The rules of the web UI's sources that ESLint does not know."""

import json
import re
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
WEB = CHECKOUT / "src" / "sensu" / "web"
MADE = {WEB / "app/wire/schema.d.ts"}
SOURCES = sorted(
    path for path in (WEB / "app").rglob("*") if path.suffix in {".ts", ".svelte", ".css"} and path not in MADE
)
VAGUE_NAMES = re.compile(r"(^|_)(utils?|helpers?|manager|misc|common|store|index)(_|$)")
SNAKE_CASE = re.compile(r"[a-z0-9_]+(\.svelte)?(\.test)?\.(ts|svelte|css)")
FIRST_LINES = {".ts": ("//", "/**"), ".svelte": ("<!--",), ".css": ("/*",)}
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
STYLE = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL)
AT_RULE = re.compile(r"@(media|container)[^{]*\{")
RAW_VALUE = re.compile(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl|oklab|oklch|lab|lch|color)a?\(|\b\d*\.?\d+px\b")
TOKENS = WEB / "app" / "looks" / "tokens.css"


def styles(path: Path) -> str:
    """The style sheet in a source, without comments and the conditions of media and container queries."""
    text = path.read_text()
    sheet = text if path.suffix == ".css" else "\n".join(STYLE.findall(text))
    return AT_RULE.sub("{", COMMENT.sub("", sheet))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(WEB)))
def test_a_source_of_the_web_ui_says_what_it_holds(path: Path) -> None:
    """A file has a name in snake case that says what it holds, and its first line says what one gets from it."""
    assert SNAKE_CASE.fullmatch(path.name)
    assert not VAGUE_NAMES.search(path.name.split(".")[0])
    assert path.read_text().startswith(FIRST_LINES[path.suffix])


@pytest.mark.parametrize("path", [path for path in SOURCES if path != TOKENS], ids=lambda path: path.name)
def test_colours_and_sizes_are_tokens(path: Path) -> None:
    """A theme or a density changes every page, because colours and pixel sizes are written in tokens.css only."""
    assert RAW_VALUE.findall(styles(path)) == []


def test_the_lock_file_names_no_registry() -> None:
    """Packages come from the registry that npm is set up with, and their content is checked by hash."""
    lock = json.loads((WEB / "package-lock.json").read_text())
    packages = [package for name, package in lock["packages"].items() if name]
    assert [package for package in packages if "resolved" in package or "integrity" not in package] == []


def test_versions_of_packages_are_exact() -> None:
    """Two builds of a commit have the same packages, and a change of one is a change of package.json."""
    package = json.loads((WEB / "package.json").read_text())
    wanted = {**package["dependencies"], **package["devDependencies"]}
    assert {name: version for name, version in wanted.items() if not re.fullmatch(r"\d+\.\d+\.\d+", version)} == {}


def test_nothing_that_is_built_is_in_git() -> None:
    """A checkout holds sources; dist/, packages and types of the API are made from them."""
    listing = subprocess.run(
        ["git", "ls-files", "--", str(WEB)], cwd=CHECKOUT, capture_output=True, text=True, check=True, timeout=60
    )
    names = listing.stdout.splitlines()
    assert names
    made = re.compile(r"/(dist[^/]*|node_modules)/|\.(gz|br)$|/(schema\.d\.ts|openapi\.json|build-problem\.txt)$")
    assert [name for name in names if made.search(name)] == []
