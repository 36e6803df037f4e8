"""Publishing a catalog: the files of the Catalog API, and serving a repository during development."""

import contextlib
import copy
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.catalogs import WEB, WEB_NAME, Namespace, write_integration
from tests.cli.conftest import Sensuctl

VERSIONS = ("20220125.0.0", "20220126.0.0")
DEADLINE_S = 30.0
pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(folder: Path, *words: str) -> None:
    """Run git in a repository that knows nothing of the person who runs the tests."""
    own = {"GIT_AUTHOR_NAME": "ada", "GIT_AUTHOR_EMAIL": "a@example.com", "GIT_CONFIG_GLOBAL": "/dev/null"}
    committer = {"GIT_COMMITTER_NAME": "ada", "GIT_COMMITTER_EMAIL": "a@example.com"}
    environment = {"PATH": os.environ["PATH"], **own, **committer}
    subprocess.run(["git", *words], cwd=folder, env=environment, check=True, capture_output=True, timeout=60)


def with_command(command: str) -> dict[str, Any]:
    """The integration whose check runs another command."""
    facts = copy.deepcopy(WEB)
    facts["resource_patches"][0]["patches"][1]["value"] = f"{command} [[host]]"
    return facts


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of Git with two tagged versions of an integration, and a newer one that is checked out."""
    folder = tmp_path_factory.mktemp("repository")
    git(folder, "init", "-q")
    for version, command in zip(VERSIONS, ("first", "second"), strict=True):
        shutil.rmtree(folder / "integrations", ignore_errors=True)
        write_integration(folder, with_command(command))
        (folder / "integrations" / WEB_NAME / "img").mkdir()
        (folder / "integrations" / WEB_NAME / "img" / "a.png").write_bytes(b"image")
        (folder / "integrations" / WEB_NAME / "notes.txt").write_text("not published")
        (folder / "integrations" / WEB_NAME / "link.md").symlink_to("/etc/passwd")
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", version)
        git(folder, "tag", f"{WEB_NAME}/{version}")
    git(folder, "tag", "v1.0.0")
    shutil.rmtree(folder / "integrations")
    write_integration(folder, with_command("third"))
    return folder


@pytest.fixture(scope="module")
def published(sensuctl: Sensuctl, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the releases of the tagged versions."""
    folder = tmp_path_factory.mktemp("published")
    done = sensuctl("catalog", "generate", "--repo-dir", str(repository), "--output", str(folder))
    assert (done.status, done.out) == (0, f"{folder}\n"), done
    assert "ignored: the tag v1.0.0 names no version NAMESPACE/NAME/VERSION" in done.err
    return folder


def test_the_files_of_the_catalog_api_are_generated(published: Path) -> None:
    """Paths and contents are those that the documentation of the Catalog API names."""
    version = json.loads((published / "version.json").read_text())
    assert sorted(version) == ["last_updated", "release_sha256"]
    root = published / version["release_sha256"] / "v1"
    listed = json.loads((root / "catalog.json").read_text())["namespaced_integrations"]
    assert [(one["metadata"]["name"], one["version"]) for one in listed["web"]] == [("web-monitoring", VERSIONS[1])]
    assert "prompts" not in listed["web"][0]
    assert json.loads((root / "web.json").read_text()) == {"name": "web", "integrations": ["web-monitoring"]}
    integration = json.loads((root / "web" / "web-monitoring.json").read_text())
    assert (integration["class"], integration["version"], integration["versions"]) == (
        "community", VERSIONS[1], [*VERSIONS])  # fmt: skip
    place = root / WEB_NAME
    assert json.loads((place / "versions.json").read_text()) == [*VERSIONS]
    first = json.loads((place / f"{VERSIONS[0]}.json").read_text())
    assert first["resource_patches"][0]["patches"][1]["value"] == "first [[host]]"
    assert first["metadata"] == {"namespace": "web", "name": "web-monitoring"}
    resources = json.loads((place / VERSIONS[0] / "sensu-resources.json").read_text())
    assert [one["type"] for one in resources] == ["CheckConfig", "Asset"]
    files = sorted(
        str(one.relative_to(place / VERSIONS[0])) for one in (place / VERSIONS[0]).rglob("*") if one.is_file()
    )
    assert files == ["CHANGELOG.md", "README.md", "img/a.png", "logo.png", "sensu-resources.json"]


def test_a_release_stays_when_another_one_is_published(
    sensuctl: Sensuctl, repository: Path, published: Path, tmp_path: Path
) -> None:
    """The same versions have the same checksum; others have another, and version.json names the newest."""
    folder = tmp_path / "releases"
    shutil.copytree(published, folder)
    before = json.loads((folder / "version.json").read_text())["release_sha256"]
    words = ("catalog", "generate", "--repo-dir", str(repository), "--output", str(folder))
    assert sensuctl(*words).status == 0
    assert json.loads((folder / "version.json").read_text())["release_sha256"] == before
    assert sensuctl(*words, "--snapshot").status == 0
    after = json.loads((folder / "version.json").read_text())["release_sha256"]
    assert {one.name for one in folder.iterdir()} == {before, after, "version.json"}


def test_versions_are_installed_and_updated_from_a_published_catalog(
    sensuctl: Sensuctl, published: Path, tmp_path: Path
) -> None:
    """A folder, an archive and a web server have the same catalog, and an update takes the newest version."""
    archive = tmp_path / "catalog.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(published, "release")
    namespace = Namespace(sensuctl, "published", str(archive))
    answers = ("--set", "host=web1", "--set", "token.secret=t")
    with_version = ("catalog", "install", f"{WEB_NAME}@{VERSIONS[0]}", *answers, "--catalog", str(published))
    assert sensuctl(*with_version, "--namespace", namespace.name).status == 0
    assert namespace.check("web-web1")["command"] == "first web1"
    done = namespace.catalog("update")
    assert done.status == 0, done
    check = namespace.check("web-web1")
    assert (check["command"], check["metadata"]["labels"]["sensu.io/catalog"]) == (
        "second web1", f"{WEB_NAME}@{VERSIONS[1]}")  # fmt: skip
    with serving("-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", str(published)) as url:
        shown = json.loads(sensuctl("catalog", "info", WEB_NAME, "--catalog", url, "--format", "json").out)
        assert shown["versions"] == [VERSIONS[1], VERSIONS[0]]
        back = sensuctl(
            "catalog", "update", f"{WEB_NAME}@{VERSIONS[0]}", "--catalog", url, "--namespace", namespace.name
        )
        assert back.status == 0, back
    assert namespace.check("web-web1")["command"] == "first web1"
    unknown = namespace.catalog("info", "--readme")
    assert unknown.out == "# web-monitoring\n"


def test_a_version_that_cannot_be_published_stops_the_rest_unless_it_is_left_out(
    sensuctl: Sensuctl, tmp_path: Path
) -> None:
    """The message names the file and the rule, and nothing is written."""
    write_integration(tmp_path, WEB)
    write_integration(tmp_path, {**WEB, "name": "broken", "class": "best"})
    output = tmp_path / "out"
    words = ("catalog", "generate", "--repo-dir", str(tmp_path), "--output", str(output))
    tags = sensuctl(*words)
    assert "is not a repository of Git, so that it has no tagged versions; use --snapshot" in tags.err
    refused = sensuctl(*words, "--snapshot")
    assert refused.status == 1
    assert "invalid: web/broken@99991231.0.0 (folder): sensu-integration.yaml: spec.class must be one of" in refused.err
    assert not output.exists()
    done = sensuctl(*words, "--snapshot", "--skip-invalid")
    assert done.status == 0, done
    listed = json.loads(sensuctl("catalog", "list", "--catalog", str(output), "--format", "json").out)
    assert [one["metadata"]["name"] for one in listed] == ["web-monitoring"]


def test_git_runs_no_hook_or_program_of_the_repository(sensuctl: Sensuctl, repository: Path, tmp_path: Path) -> None:
    """A repository that somebody else wrote runs nothing on this host."""
    hostile = tmp_path / "hostile"
    shutil.copytree(repository, hostile, symlinks=True)
    mark, program = tmp_path / "ran", tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {mark}\n")
    program.chmod(0o755)
    for name in ("core.fsmonitor", "core.pager", "core.sshCommand", "diff.external", "core.alternateRefsCommand"):
        git(hostile, "config", name, str(program))
    for hook in ("reference-transaction", "post-index-change", "post-checkout"):
        shutil.copy(program, hostile / ".git" / "hooks" / hook)
    output = tmp_path / "out"
    done = sensuctl("catalog", "generate", "--repo-dir", str(hostile), "--output", str(output), "--snapshot")
    assert done.status == 0, done
    assert not mark.exists()


@contextlib.contextmanager
def serving(*words: str) -> Iterator[str]:
    """The URL that a program prints on standard output or error; SIGTERM ends the program."""
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, *words], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            match = re.search(r"http://127\.0\.0\.1:\d+", line)
            if match is not None:
                yield match.group()
                break
        else:
            raise AssertionError("the program printed no URL")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(DEADLINE_S)
        process.stdout.close()


def fetched(url: str) -> tuple[str, Any]:
    """The text at a URL and its headers."""
    with urllib.request.urlopen(url, timeout=DEADLINE_S) as answer:
        return answer.read().decode(), answer.headers


def test_a_repository_is_previewed_and_follows_changes(repository: Path, tmp_path: Path) -> None:
    """Pages show the integration with its texts escaped, the files are those of the API, and a change appears."""
    folder, temporary = tmp_path / "repository", tmp_path / "temporary"
    temporary.mkdir()
    shutil.copytree(repository, folder, symlinks=True)
    readme = folder / "integrations" / WEB_NAME / "README.md"
    readme.write_text("<script>alert(1)</script>")
    words = ("-m", "sensu.sensuctl.main", "catalog", "preview", "--port", "0", "--repo-dir", str(folder))
    with serving(*words, "--temp-dir", str(temporary)) as url:
        listed, headers = fetched(f"{url}/")
        assert WEB_NAME in listed
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        page, _ = fetched(f"{url}/integrations/{WEB_NAME}")
        assert "&lt;script&gt;alert(1)" in page and "<script" not in page
        assert "third x" in page and "token.env_var" in page
        version, headers = fetched(f"{url}/version.json")
        assert headers["Access-Control-Allow-Origin"] == "*"
        for path in ("/integrations/web/none", "/integrations/../..", "/%2e%2e/%2e%2e/etc/passwd"):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                fetched(url + path)
        readme.write_text("changed text")
        deadline = time.monotonic() + DEADLINE_S
        while "changed text" not in fetched(f"{url}/integrations/{WEB_NAME}")[0]:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert fetched(f"{url}/version.json")[0] != version
    assert list(temporary.iterdir()) == [], "the generated files are deleted at the end"


def test_a_server_has_only_files(repository: Path) -> None:
    """Tagged versions are served without those that are checked out, if asked for; there are no pages."""
    words = ("-m", "sensu.sensuctl.main", "catalog", "server", "--port", "0", "--repo-dir", str(repository))
    with serving(*words, "--without-snapshot") as url:
        release = json.loads(fetched(f"{url}/version.json")[0])["release_sha256"]
        assert json.loads(fetched(f"{url}/{release}/v1/{WEB_NAME}/versions.json")[0]) == [*VERSIONS]
        with pytest.raises(urllib.error.HTTPError, match="404"):
            fetched(f"{url}/integrations/{WEB_NAME}")
