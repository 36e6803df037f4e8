"""Secrets on the backend's host: variables with a prefix, and files in directories that the operator allows."""

import os
from pathlib import Path

import pytest

from sensu.backend.secrets.env import EnvSecrets
from sensu.backend.secrets.files import FILE_BYTES_MAX, FileSecrets
from sensu.backend.secrets.provider import NoSecret, SecretText, SecretValue
from sensu.resources.metadata import ObjectMeta
from sensu.resources.secret_providers import FileProvider


def reader(directory: str | Path, *allowed: Path, credentials: str = "") -> FileSecrets:
    provider = FileProvider(metadata=ObjectMeta(name="files"), directory=str(directory))
    return FileSecrets(provider, [str(one) for one in allowed], {"CREDENTIALS_DIRECTORY": credentials})


def why(found: SecretValue | NoSecret) -> str:
    assert isinstance(found, NoSecret)
    return found.why


@pytest.fixture
def mounted(tmp_path: Path) -> Path:
    """A directory as Kubernetes mounts it: files are links to the files of the present version."""
    (tmp_path / "mounted" / "..v1" / "db").mkdir(parents=True)
    folder = tmp_path / "mounted"
    (folder / "..v1" / "token").write_text("s3cret\n")
    (folder / "..v1" / "db" / "password").write_text("deep")
    (folder / "..data").symlink_to("..v1")
    (folder / "token").symlink_to("..data/token")
    (folder / "db").symlink_to("..data/db")
    (tmp_path / "outside").write_text("not for secrets")
    (folder / "leak").symlink_to(tmp_path / "outside")
    return folder


async def test_variables_without_the_prefix_are_no_values() -> None:
    """With a prefix, an author of secrets reads only the variables that were meant for secrets."""
    env = EnvSecrets({"SECRET_A": "1", "HOME": "/root"}, prefix="SECRET_")
    assert await env.value("SECRET_A") == SecretValue(SecretText("1"))
    assert why(await env.value("HOME")) == (
        "HOME cannot be read: the names of variables must begin with SECRET_ (secrets-env-prefix of the backend)"
    )


async def test_files_are_read_at_each_use(mounted: Path) -> None:
    """A value is the content of a file without its last line break; a rotated one counts at once."""
    files = reader(mounted, mounted.parent)
    assert await files.value("token") == SecretValue(SecretText("s3cret"))
    assert await files.value("db/password") == SecretValue(SecretText("deep"))
    (mounted / "..v2").mkdir()
    (mounted / "..v2" / "token").write_text("rotated\r\n")
    (mounted / "..next").symlink_to("..v2")
    (mounted / "..next").rename(mounted / "..data")
    assert await files.value("token") == SecretValue(SecretText("rotated"))


async def test_systemd_credentials_need_no_permission(mounted: Path) -> None:
    """Without a directory, the credentials of the service are read, and nothing if there are none."""
    assert await reader("", credentials=str(mounted)).value("token") == SecretValue(SecretText("s3cret"))
    assert "systemd gives the backend no credentials" in why(await reader("").value("token"))


@pytest.mark.parametrize("path", ["../outside", "..data/token", "/etc/passwd", "a/b/c/d", "", ".", "a//b", "a\nb", "~"])
async def test_paths_that_are_not_plain_are_refused(mounted: Path, path: str) -> None:
    """An id is a path of at most three plain names, so that it leads nowhere else."""
    assert "an id is a path of at most 3 names" in why(await reader(mounted, mounted).value(path))


async def test_links_lead_nowhere_else(mounted: Path) -> None:
    """A link to a file outside of the directory is refused, and one inside of it is followed."""
    assert why(await reader(mounted, mounted).value("leak")) == "leak is a link that leads out of the directory"


async def test_directories_must_be_allowed(mounted: Path, tmp_path: Path) -> None:
    """Only directories below those that the operator lists are read, also if a link leads elsewhere."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "link").symlink_to(mounted)
    for directory, allowed in ((mounted, [elsewhere]), (mounted, []), (elsewhere / "link", [elsewhere])):
        found = why(await reader(directory, *allowed).value("token"))
        assert found == f"{directory} is not below a directory of the backend's option secrets-directories"


async def test_what_is_no_text_file_is_no_value(mounted: Path) -> None:
    """Directories, pipes, files that are large, binary or missing have no value, and nothing waits for a writer."""
    os.mkfifo(mounted / "pipe")
    (mounted / "large").write_bytes(b"x" * (FILE_BYTES_MAX + 1))
    (mounted / "binary").write_bytes(b"\xff\xfe")
    (mounted / "nul").write_bytes(b"a\0b")
    files = reader(mounted, mounted)
    for name, expected in (
        ("db", "db is not a file"),
        ("pipe", "pipe is not a file"),
        ("large", "large is larger than 65536 bytes"),
        ("binary", "binary is not text in UTF-8"),
        ("nul", "the value contains a NUL character, which no environment variable can hold"),
        ("missing", "missing cannot be read: no such file or directory"),
    ):
        assert why(await files.value(name)) == expected
