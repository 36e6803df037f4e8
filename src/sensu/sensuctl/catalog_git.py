"""The files of tagged versions of integrations in a repository of Git.

Git is run without hooks and without a connection to other repositories; nothing is checked out.
"""

import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from sensu.client.catalog import FILE_BYTES_MAX
from sensu.rules.catalog.versions import IntegrationName, named_by_tag
from sensu.sensuctl.failure import CommandFailed

TIMEOUT_S = 60.0
TAGS_MAX = 10_000
_OPTIONS = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "protocol.allow=never")
_ENTRY = re.compile(rb"(?P<mode>[0-7]+) (?P<type>\w+) (?P<id>[0-9a-f]+) +(?P<size>[0-9]+|-)\t(?P<path>.+)", re.DOTALL)
_FILE_MODES = (b"100644", b"100755")


class GitRepository:
    """The tags of a repository and the files that they contain."""

    def __init__(self, folder: Path, integrations: str, environment: Mapping[str, str]) -> None:
        self._folder, self._integrations = folder, integrations
        kept = {name: value for name, value in environment.items() if not name.startswith("GIT_")}
        own = {"GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
        self._environment = {**kept, **own}

    def versions(self) -> tuple[list[IntegrationName], list[str]]:
        """The versions that tags publish, and the tags that publish none; raises CommandFailed."""
        text = self._git("for-each-ref", f"--count={TAGS_MAX + 1}", "--format=%(refname:lstrip=2)", "refs/tags")
        tags = text.decode(errors="replace").splitlines()
        if len(tags) > TAGS_MAX:
            raise CommandFailed(f"{self._folder}: more than {TAGS_MAX} tags")
        named = {tag: named_by_tag(tag) for tag in tags}
        return [name for name in named.values() if name is not None], [
            tag for tag, name in named.items() if name is None
        ]

    def files(self, name: IntegrationName) -> dict[str, bytes]:
        """The regular files of a tagged version by their paths in its folder; raises CommandFailed."""
        tag = f"refs/tags/{name.namespace}/{name.name}/{name.version}"
        folder = f"{self._integrations}/{name.full}/"
        listed = self._git("ls-tree", "-r", "-l", "-z", "--full-tree", tag, "--", folder)
        wanted: dict[str, bytes] = {}
        for entry in listed.split(b"\0"):
            match = _ENTRY.fullmatch(entry)
            if match is None or match["mode"] not in _FILE_MODES or not match["size"].isdigit():
                continue
            path = match["path"].decode(errors="replace").removeprefix(folder)
            if int(match["size"]) > FILE_BYTES_MAX:
                raise CommandFailed(f"{tag}: {path} is larger than {FILE_BYTES_MAX} bytes")
            wanted[path] = match["id"]
        contents = self._contents(list(wanted.values()))
        return dict(zip(wanted, contents, strict=True))

    def _contents(self, ids: Sequence[bytes]) -> list[bytes]:
        output, found, at = self._git("cat-file", "--batch", stdin=b"".join(one + b"\n" for one in ids)), [], 0
        for one in ids:
            end = output.index(b"\n", at)
            _, _, size = output[at:end].rpartition(b" ")
            if not size.isdigit():
                raise CommandFailed(f"{self._folder}: the object {one.decode()} is missing; is the clone complete?")
            found.append(output[end + 1 : end + 1 + int(size)])
            at = end + 1 + int(size) + 1
        return found

    def _git(self, *words: str, stdin: bytes = b"") -> bytes:
        command = ["git", *_OPTIONS, "-C", str(self._folder), *words]
        try:
            done = subprocess.run(  # noqa: S603 - the arguments are fixed words and full names of tags
                command, input=stdin, capture_output=True, env=self._environment, timeout=TIMEOUT_S, check=False
            )
        except FileNotFoundError as err:
            raise CommandFailed("the program git is needed to read tagged versions; use --snapshot without it") from err
        except subprocess.TimeoutExpired as err:
            raise CommandFailed(f"git {words[0]} did not end within {TIMEOUT_S:.0f} s") from err
        if done.returncode:
            reason = done.stderr.decode(errors="replace").strip().splitlines()
            raise CommandFailed(f"git {words[0]} in {self._folder}: {reason[0] if reason else 'failed'}")
        return done.stdout
