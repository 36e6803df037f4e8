"""The documentation site: it builds without warnings, its links lead somewhere, and it needs no other host."""

import json
import re
import subprocess
import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.docs.pages import CHECKOUT, PAGES

BUILD_S = 120
VERSIONS = ("0.9.0", "0.10.0")
LINKS_OF_PAGES = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
_RESOURCE_ATTRIBUTES = {("script", "src"), ("img", "src"), ("link", "href"), ("iframe", "src"), ("source", "src")}


class PageReader(HTMLParser):
    """The links of a page, the anchors in it, and what a browser loads with it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.anchors: set[str] = set()
        self.loaded: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the links, anchors and resources of a tag."""
        for name, value in attrs:
            if name == "id" and value:
                self.anchors.add(value)
            if tag == "a" and name == "href" and value:
                self.links.add(value)
            if (tag, name) in _RESOURCE_ATTRIBUTES and value:
                self.loaded.add(value)


@cache
def read(page: Path) -> PageReader:
    """A page of the site, read once."""
    return PageReader(page.read_text())


def build(into: Path, *arguments: str) -> None:
    """Build the site as `make docs-site` does; fails with what the builder says."""
    command = [sys.executable, str(CHECKOUT / "packaging" / "docs_site.py"), "--into", str(into), *arguments]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=BUILD_S, check=False
    )
    assert done.returncode == 0, done.stdout


def skip_without(builder: str) -> None:
    """Leave the test out if the builder is not installed."""
    if not (Path(sys.executable).parent / builder).exists():
        pytest.skip(f"{builder} is not installed: pip install -r requirements/docs.txt")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with an older version, to which a newer one was added."""
    skip_without("zensical")
    into = tmp_path_factory.mktemp("site")
    (into / VERSIONS[0]).mkdir()
    (into / VERSIONS[0] / "index.html").write_text("<title>an older version</title>")
    build(into, "--version", VERSIONS[1])
    return into


def target_of(page: Path, link: str, site: Path) -> Path:
    """The file that a browser opens for a link of a page."""
    path = unquote(urlsplit(link).path)
    found = (site / path.lstrip("/") if path.startswith("/") else page.parent / path).resolve() if path else page
    return found / "index.html" if found.is_dir() else found


def pages_of(site: Path) -> list[Path]:
    """The pages of the newest version; 404.html is shown at any path, so its links are not relative to it."""
    return sorted(page for page in (site / VERSIONS[1]).rglob("*.html") if page.name != "404.html")


def is_local(link: str) -> bool:
    """Whether a link leads to a file of the site."""
    parts = urlsplit(link)
    return not parts.scheme and not parts.netloc


def test_every_link_and_anchor_of_the_site_leads_somewhere(site: Path) -> None:
    """A reader who follows a link arrives at a page, and at the heading that the link names."""
    dead = []
    for page in pages_of(site):
        for link in filter(is_local, read(page).links):
            target, anchor = target_of(page, link, site), unquote(urlsplit(link).fragment)
            if not target.is_file() or (anchor and anchor not in read(target).anchors):
                dead.append(f"{page.relative_to(site)}: {link}")
    assert dead == []


def test_a_page_loads_nothing_from_another_host(site: Path) -> None:
    """The site works without the internet: scripts, styles, fonts and pictures are files of the site."""
    assert [
        f"{page.relative_to(site)}: {link}"
        for page in pages_of(site)
        for link in read(page).loaded
        if not is_local(link) or not target_of(page, link, site).is_file()
    ] == []


def test_the_site_keeps_its_versions_and_opens_the_newest(site: Path) -> None:
    """A build leaves other versions as they are; the menu has all, and / opens the newest one."""
    listed = json.loads((site / "versions.json").read_text())
    assert [(each["version"], each["aliases"]) for each in listed] == [("0.10.0", ["latest"]), ("0.9.0", [])]
    assert 'url=0.10.0/"' in (site / "index.html").read_text()
    assert "an older version" in (site / "0.9.0" / "index.html").read_text()


def test_the_search_finds_headings_of_every_page(site: Path) -> None:
    """The index of the search, which the browser reads, has each page of the navigation."""
    index = json.loads((site / VERSIONS[1] / "search.json").read_text())
    found = {item["location"].partition("#")[0].removesuffix("index.html") for item in index["items"]}
    folders = {f"{page.parent.relative_to(site / VERSIONS[1])}/".removeprefix("./") for page in pages_of(site)}
    assert folders - found == set()


def test_material_for_mkdocs_builds_the_same_pages(site: Path, tmp_path: Path) -> None:
    """The site does not depend on one builder: the other one has the same pages, without warnings."""
    skip_without("mkdocs")
    build(tmp_path, "--version", VERSIONS[1], "--builder", "mkdocs")
    assert [page.relative_to(tmp_path) for page in pages_of(tmp_path)] == [
        page.relative_to(site) for page in pages_of(site)
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_a_link_between_files_leads_somewhere(page: Path) -> None:
    """Links between files of the checkout name files that exist, for those who read them there."""
    links = LINKS_OF_PAGES.findall(page.read_text())
    assert [link for link in links if link != "changes.md" and not (page.parent / link).exists()] == []
