"""Saved searches with sensuctl: a kind that has a noun and a row, and nothing else of its own."""

import json
from pathlib import Path

from tests.cli.conftest import Sensuctl

TEXT = """type: Search
api_version: searches/v1
metadata:
  name: incidents
  namespace: default
spec:
  parameters:
  - status:incident
  - labelSelector:region == us
  resource: core.v2/Event
"""


def test_a_search_is_created_listed_changed_and_deleted(sensuctl: Sensuctl, tmp_path: Path) -> None:
    """A file creates it, lists and details show it, `apply` finds what differs, and a mistake is found by --dry-run."""
    file = tmp_path / "search.yml"
    file.write_text(TEXT)
    assert sensuctl("create", "-f", str(file)).status == 0
    row = sensuctl("search", "list").out.splitlines()[2]
    assert row.split(maxsplit=2) == ["incidents", "core.v2/Event", "status:incident, labelSelector:region == us  "]
    assert "Resource:" in sensuctl("search", "info", "incidents").out
    assert sensuctl("search", "list", "--field-selector", "search.resource == core.v2/Entity").out.count("\n") == 2
    file.write_text(TEXT.replace("status:incident", "status:warning"))
    assert sensuctl("apply", "-f", str(file)).out.startswith("updated Search default/incidents (parameters)\n")
    file.write_text(TEXT.replace("status:incident", "colour:red"))
    wrong = sensuctl("apply", "-f", str(file), "--dry-run")
    assert wrong.status == 1
    assert 'parameter "colour:red" must be KEY:VALUE' in wrong.err
    assert sensuctl("search", "delete", "incidents", "--skip-confirm").status == 0
    assert sensuctl("search", "info", "incidents").status == 1


def test_a_search_is_dumped_and_backed_up(sensuctl: Sensuctl, tmp_path: Path) -> None:
    """What `dump` and `backup` write of a search is what `create` took, with its author, by both names of the type."""
    assert sensuctl("create", stdin=TEXT).status == 0
    for words in (("dump", "searches"), ("dump", "searches/v1.Search")):
        dump = sensuctl(*words).out
        assert "type: Search" in dump
        assert "  - labelSelector:region == us" in dump
    assert "searches/v1.Search" in sensuctl("dump", "--types").out.split()
    described = json.loads(sensuctl("describe-type", "searches", "--format", "json").out)
    assert described[0]["name"] == "searches/v1.Search"
    folder = tmp_path / "backup"
    assert sensuctl("backup", f"{folder}/").status == 0
    saved = (folder / "namespaces/default/searches.yml").read_text()
    assert sensuctl("search", "delete", "incidents", "--skip-confirm").status == 0
    assert sensuctl("restore", str(folder)).status == 0
    assert sensuctl("dump", "searches").out == saved
    assert sensuctl("search", "delete", "incidents", "--skip-confirm").status == 0
