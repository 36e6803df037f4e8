"""The documentation site: it builds without warnings, its links lead somewhere, and it needs no other host."""

import json
import re
import subprocess
import sys
from functools import cache
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from prometheus_client import CollectorRegistry

from sensu.backend.metrics import BackendMetrics
from sensu.resources.kinds import ALL_KINDS, STORED_TYPES
from sensu_check.summaries import SUMMARIES
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


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with an older version, to which a newer one was added; the other builder makes the same pages."""
    if not (Path(sys.executable).parent / "zensical").exists():
        pytest.skip("zensical is not installed: pip install -r requirements/docs.txt")
    into = tmp_path_factory.mktemp("site")
    (into / VERSIONS[0]).mkdir()
    (into / VERSIONS[0] / "index.html").write_text("<title>an older version</title>")
    build(into, "--version", VERSIONS[1], "--compare", "mkdocs")
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


def test_lists_of_the_pages_are_lists_on_the_site(site: Path) -> None:
    """No list runs into the paragraph before it, as one does that has no blank line in front."""
    texts = {page: page.read_text() for page in pages_of(site)}
    paragraphs = ((page, text) for page, whole in texts.items() for text in re.findall(r"<p>(.*?)</p>", whole, re.S))
    assert [
        f"{page.relative_to(site)}: {text}" for page, text in paragraphs if re.search(r"\n(?:[-*]|\d+\.) ", text)
    ] == []


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


def test_the_reference_has_every_kind_check_metric_and_endpoint(site: Path) -> None:
    """What the programs have is in the pages of the site that follow from the code."""
    folder = site / VERSIONS[1] / "reference"
    assert {kind.type.lower() for kind in STORED_TYPES} - read(folder / "resources" / "index.html").anchors == set()
    assert set(SUMMARIES) - read(folder / "checks" / "index.html").anchors == set()
    metrics = (folder / "metrics" / "index.html").read_text()
    assert [each.name for each in BackendMetrics(CollectorRegistry()).families if each.name not in metrics] == []
    endpoints = (folder / "endpoints" / "index.html").read_text()
    assert [kind.segment for kind in ALL_KINDS if f"/{kind.segment}" not in endpoints] == []


def test_the_reference_says_what_each_field_means(monkeypatch: pytest.MonkeyPatch) -> None:
    """No field of a resource is listed without a meaning: forms have the texts, or field_texts.py."""
    monkeypatch.syspath_prepend(str(CHECKOUT / "packaging"))
    assert import_module("reference_pages.resources").fields_without_texts() == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_a_link_between_files_leads_somewhere(page: Path) -> None:
    """Links between files of the checkout name files that exist, for those who read them there."""
    links = LINKS_OF_PAGES.findall(page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []
