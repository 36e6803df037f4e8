"""The sources of resources: files, folders, URLs, standard input."""

import codecs
import os
import re
import stat
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from sensu.client.http_api import HTTPAPI, APIUnreachable, TLSOptions
from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.session import usable_ca_file

STDIN = "-"
"""The name of standard input as a source."""
SOURCE_BYTES_MAX = 64 * 1024 * 1024
_SCHEME = re.compile(r"(?i)(https?|file)://")
_LINK = re.compile(r"""(?i)<a\s[^>]*?href=["']([^"'#?]+)["']""")
SUFFIXES = (".yml", ".yaml", ".json")
"""The extensions of files that are read from a folder; a file given by name may have any."""
LISTED_MAX = 10_000
"""The maximum number of files in a listing of a web server."""


def read_source(context: Context, source: str, *, recursive: bool) -> Iterator[tuple[str, str]]:
    """The texts of a source, each with its name for messages; raises CommandFailed.

    Source: recorded sensuctl session create-files.
    """
    match = _SCHEME.match(source)
    if match is not None and match.group(1).lower() != "file":
        yield from _read_url(context, source, recursive=recursive)
        return
    path = Path(urllib.parse.unquote(urllib.parse.urlsplit(source).path) if match is not None else source)
    try:
        if not path.is_dir():
            path.lstat()
            yield source, read_file(path, source)
        elif match is not None and not recursive:
            raise CommandFailed("use -r to enable directory recursion")
        else:
            files = list(_files(path, recursive=recursive))
            if not files:
                raise CommandFailed(_nothing_in(path, recursive=recursive))
            for file in files:
                yield str(file), read_file(file, str(file))
    except OSError as err:
        raise CommandFailed(f"lstat {path}: {reason(err)}") from err


def _files(folder: Path, *, recursive: bool) -> Iterator[Path]:
    """The YAML and JSON files of a folder in order of their names; each folder is read once, even if linked."""
    seen: set[str] = set()
    waiting = [folder]
    while waiting:
        path = waiting.pop()
        if not path.is_dir():
            if path.suffix.lower() in SUFFIXES:
                yield path
            continue
        real = os.path.realpath(path)
        if real not in seen and (recursive or path == folder):
            seen.add(real)
            waiting.extend(sorted(path.iterdir(), reverse=True))


def _nothing_in(folder: Path, *, recursive: bool) -> str:
    within = "" if recursive else "; use -r to include folders within it"
    return f"no {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]} files in {folder}{within}"


def read_file(path: Path, shown: str) -> str:
    """The text of a file; raises CommandFailed."""
    try:
        with path.open("rb") as file:
            content = file.read(SOURCE_BYTES_MAX + 1)
    except OSError as err:
        raise CommandFailed(f"open {shown}: {reason(err)}") from err
    return _text(content, shown)


def read_stdin(context: Context, shown: str) -> str:
    """The text of standard input; raises CommandFailed."""
    if context.stdin.isatty():
        context.say("reading standard input, end with Ctrl-D")
    text = context.stdin.read(SOURCE_BYTES_MAX + 1)
    return _bounded(text, shown)


def is_device(stream: TextIO) -> bool:
    """Whether a stream is a terminal or /dev/null rather than a file or pipe."""
    if stream.isatty():
        return True
    try:
        return stat.S_ISCHR(os.fstat(stream.fileno()).st_mode)
    except OSError:
        return False


def reason(err: OSError) -> str:
    """The system's reason in the words of the reference: `no such file or directory`."""
    return (err.strerror or str(err)).lower()


def _read_url(context: Context, url: str, *, recursive: bool) -> Iterator[tuple[str, str]]:
    """The text at a URL or, if that is a listing, the texts of its files."""
    configuration = context.configuration
    tls = TLSOptions(usable_ca_file(configuration.trusted_ca_file, context.warn))
    timeout_s, environment = configuration.timeout_s, context.environment
    api = HTTPAPI(url, timeout_s=timeout_s, tls=tls, agent="sensuctl", environment=environment)
    waiting, seen = [url], {url}
    while waiting:
        one = waiting.pop(0)
        media_type, text = _fetch(api, one)
        if not media_type.startswith("text/html"):
            yield one, text
            continue
        if not recursive:
            raise CommandFailed("use -r to enable directory recursion")
        base = one if one.endswith("/") else one + "/"
        for link in _LINK.findall(text):
            target = urllib.parse.urljoin(base, link)
            if target.startswith(base) and target not in seen and len(seen) < LISTED_MAX:
                seen.add(target)
                waiting.append(target)


def _fetch(api: HTTPAPI, url: str) -> tuple[str, str]:
    try:
        answer = api.request("GET", url)
    except APIUnreachable as err:
        raise CommandFailed(str(err)) from err
    text = _text(answer.body, url)
    if answer.status >= 400:
        raise CommandFailed(text.strip() or f"{url}: status {answer.status}")
    return answer.headers.get("content-type", ""), text


def _text(content: bytes, shown: str) -> str:
    encoding = "utf-16" if content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"
    try:
        return _bounded(content.decode(encoding), shown)
    except UnicodeDecodeError as err:
        raise CommandFailed(f"in {shown}: not UTF-8 text: {err.reason} at byte {err.start}") from err


def _bounded(text: str, shown: str) -> str:
    if len(text) > SOURCE_BYTES_MAX:
        raise CommandFailed(f"in {shown}: larger than {SOURCE_BYTES_MAX} bytes")
    return text
