"""Builds the documentation site from docs/ and mkdocs.yml: a folder a version, and a page that opens the newest.

    python packaging/docs_site.py --into site                     with Zensical
    python packaging/docs_site.py --into site --builder mkdocs    with Material for MkDocs
    python packaging/docs_site.py --into site --compare mkdocs    with Zensical; fails if MkDocs makes other pages
    python packaging/docs_site.py --into site --version 0.2.0     under this version instead of the checkout's

The changelog and the pages that follow from the code (`reference_pages/`) are part of the site. Versions that are in
the folder stay, and `versions.json` lists them for the menu of versions on each page.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from reference_pages.endpoints import NotStarted
from reference_pages.pages import PAGES

CHECKOUT = Path(__file__).resolve().parent.parent
BUILDERS = ("zensical", "mkdocs")
_SETTINGS = "mkdocs.yml"
_TIMEOUT_S = 300
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_NEWEST_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Sensu in Python</title>
<meta http-equiv="refresh" content="0; url={version}/">
<a href="{version}/">The documentation of version {version}</a>
</html>
"""


class Failed(Exception):
    """The site cannot be built; the text says why."""


def build(into: Path, version: str, builder: str = BUILDERS[0], other: str = "") -> Path:
    """The folder with the pages of this version, below `into`; fails if the `other` builder makes different pages."""
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary)
        shutil.copytree(CHECKOUT / "docs", copy / "docs")
        shutil.copy(CHECKOUT / _SETTINGS, copy)
        changes = (CHECKOUT / "CHANGELOG.md").read_text().replace("](docs/", "](")
        (copy / "docs" / "changes.md").write_text(changes)
        for page, text in PAGES.items():
            (copy / "docs" / page).parent.mkdir(exist_ok=True)
            (copy / "docs" / page).write_text(text())
        compared = _run(other, copy) if other else None
        made = _run(builder, copy)
        if compared is not None and compared != made:
            raise Failed(f"{builder} and {other} make different pages: {', '.join(sorted(made ^ compared))}")
        pages = into / version
        shutil.rmtree(pages, ignore_errors=True)
        shutil.copytree(copy / "site", pages)
    _list_versions(into)
    return pages


def _run(builder: str, copy: Path) -> set[str]:
    """The pages that a builder makes in a copy of the documents; warnings are errors."""
    program = Path(sys.executable).parent / builder
    if not program.exists():
        raise Failed(f"{builder} is not installed: pip install -r requirements/docs.txt")
    shutil.rmtree(copy / "site", ignore_errors=True)
    done = subprocess.run(
        [program, "build", "--strict"],
        cwd=copy,
        env={**os.environ, "NO_COLOR": "1", "NO_MKDOCS_2_WARNING": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        raise Failed(_COLOURS.sub("", done.stdout).partition("Traceback")[0].rstrip())
    return {str(page.relative_to(copy / "site")) for page in (copy / "site").rglob("*.html")}


def _list_versions(into: Path) -> None:
    """Write the list of the versions in a folder, newest first, and the page that opens the newest."""
    versions = sorted((page.parent.name for page in into.glob("*/index.html")), key=_order, reverse=True)
    listed = [
        {"version": version, "title": version, "aliases": [] if number else ["latest"]}
        for number, version in enumerate(versions)
    ]
    (into / "versions.json").write_text(json.dumps(listed, indent=2) + "\n")
    (into / "index.html").write_text(_NEWEST_PAGE.format(version=versions[0]))


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))


def _own_version() -> str:
    text = (CHECKOUT / "src" / "sensu" / "version.py").read_text()
    found = re.search(r'^VERSION = "(.*)"', text, re.MULTILINE)
    if found is None:
        raise Failed("src/sensu/version.py has no VERSION")
    return found[1]


def main(arguments: Sequence[str]) -> int:
    """Build what the command line says; 1 with an explanation if it cannot be built."""
    parser = argparse.ArgumentParser(description="Builds the documentation site.")
    parser.add_argument("--into", type=Path, default=CHECKOUT / "site", help="folder of the site")
    parser.add_argument("--version", default="", help="version of the pages (default: that of the checkout)")
    parser.add_argument("--builder", choices=BUILDERS, default=BUILDERS[0])
    parser.add_argument("--compare", choices=BUILDERS, default="", help="a builder that must make the same pages")
    chosen = parser.parse_args(arguments)
    try:
        pages = build(chosen.into, chosen.version or _own_version(), chosen.builder, chosen.compare)
    except (Failed, NotStarted) as err:
        print(err, file=sys.stderr)
        return 1
    print(f"open {pages / 'index.html'}, or serve {chosen.into} with: make docs-serve")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
