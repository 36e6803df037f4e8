"""Builds the static files of the Catalog API from versions of integrations.

Source: docs, "Catalog API".
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sensu.clock import SystemClock
from sensu.errors import InvalidResource
from sensu.files.values import values_of
from sensu.rules.catalog.definition import definition_of, description_problems
from sensu.rules.catalog.versions import IntegrationName, version_order
from sensu.sensuctl.catalog_source import DEFINITION, README, RESOURCES
from sensu.sensuctl.failure import CommandFailed

CHANGELOG, LOGO = "CHANGELOG.md", "logo.png"
IMAGE_SUFFIXES = (".gif", ".jpg", ".jpeg", ".png")
_COPIED = (README, CHANGELOG, LOGO)
_FIELDS = (
    "display_name", "class", "contributors", "provider", "short_description", "supported_platforms", "tags", "prompts",
    "resource_patches", "post_install",
)  # fmt: skip
_NOT_LISTED = ("prompts", "resource_patches", "post_install")


class BuiltVersion(NamedTuple):
    """The files of one version below its folder, and its definition as the API has it."""

    name: IntegrationName
    definition: dict[str, Any]
    files: dict[str, bytes]


def built(name: IntegrationName, files: Mapping[str, bytes]) -> BuiltVersion:
    """A version from the files of its folder; raises InvalidResource, which names the file and the rule."""
    document = _documents(files, DEFINITION)
    if len(document) != 1:
        raise InvalidResource(f"{DEFINITION}: the file must contain one document")
    problem = next(iter(description_problems(definition_of(document[0]))), None)
    if problem is not None:
        raise InvalidResource(f"{DEFINITION}: {problem.path} {problem.message}")
    resources = _documents(files, RESOURCES)
    if not resources or not all(isinstance(one, dict) for one in resources):
        raise InvalidResource(f"{RESOURCES}: every resource must be an object")
    if README not in files:
        raise InvalidResource(f"{README} is missing")
    spec = document[0]["spec"]
    definition = {"metadata": {"namespace": name.namespace, "name": name.name}}
    definition |= {field: spec[field] for field in _FIELDS if spec.get(field) is not None}
    kept = {path: content for path, content in files.items() if path in _COPIED or _is_published(path, content)}
    kept["sensu-resources.json"] = _json(resources)
    return BuiltVersion(name, {**definition, "version": name.version}, kept)


def _documents(files: Mapping[str, bytes], path: str) -> list[Any]:
    if path not in files:
        raise InvalidResource(f"{path} is missing")
    try:
        return [value for _, value in values_of(files[path].decode("utf-8-sig"))]
    except UnicodeDecodeError as err:
        raise InvalidResource(f"{path} is not UTF-8 text") from err
    except InvalidResource as err:
        raise InvalidResource(f"{path}: {err}") from err


def _is_published(path: str, content: bytes) -> bool:
    """Whether a file is an image of the README or a dashboard."""
    folder, _, name = path.partition("/")
    if not name or "/" in name or name.startswith("."):
        return False
    if folder == "img":
        return name.lower().endswith(IMAGE_SUFFIXES)
    if folder != "dashboards" or not name.endswith(".json"):
        return False
    try:
        json.loads(content)
    except (ValueError, RecursionError) as err:
        raise InvalidResource(f"{path} is not JSON") from err
    return True


def api_files(versions: Iterable[BuiltVersion]) -> dict[str, bytes]:
    """All files of the API below the folder of a release, by their paths."""
    by_name: dict[tuple[str, str], list[BuiltVersion]] = {}
    for one in versions:
        by_name.setdefault((one.name.namespace, one.name.name), []).append(one)
    found: dict[str, bytes] = {}
    listed: dict[str, list[dict[str, Any]]] = {}
    for (namespace, name), several in sorted(by_name.items()):
        ordered = sorted(several, key=lambda one: version_order(one.name.version))
        numbers, newest = [one.name.version for one in ordered], ordered[-1]
        place = f"v1/{namespace}/{name}"
        found[f"{place}.json"] = _json({**newest.definition, "versions": numbers})
        found[f"{place}/versions.json"] = _json(numbers)
        for one in ordered:
            found[f"{place}/{one.name.version}.json"] = _json(one.definition)
            found |= {f"{place}/{one.name.version}/{path}": content for path, content in one.files.items()}
        described = {key: value for key, value in newest.definition.items() if key not in _NOT_LISTED}
        listed.setdefault(namespace, []).append(described)
    for namespace, described_ones in listed.items():
        names = [one["metadata"]["name"] for one in described_ones]
        found[f"v1/{namespace}.json"] = _json({"name": namespace, "integrations": names})
    found["v1/catalog.json"] = _json({"namespaced_integrations": listed})
    return found


def checksum_of(files: Mapping[str, bytes]) -> str:
    """The SHA-256 checksum of a release, which changes with any file or path."""
    lines = [f"{hashlib.sha256(content).hexdigest()}  staging/{path}\n" for path, content in sorted(files.items())]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def write_release(files: Mapping[str, bytes], folder: Path) -> str:
    """Write a release into a folder and make it the current one; earlier releases stay. Returns its checksum."""
    checksum = checksum_of(files)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / checksum
        if not target.is_dir():
            _write_whole(files, folder, target)
        version = {"release_sha256": checksum, "last_updated": int(SystemClock().now())}
        unfinished = folder / ".version.json"
        unfinished.write_bytes(_json(version))
        unfinished.replace(folder / "version.json")
    except OSError as err:
        raise CommandFailed(f"{folder}: {(err.strerror or str(err)).lower()}") from err
    return checksum


def _write_whole(files: Mapping[str, bytes], folder: Path, target: Path) -> None:
    """Write all files into a folder that appears under its name only when it is complete."""
    staging = Path(tempfile.mkdtemp(prefix=".staging-", dir=folder))
    try:
        for path, content in files.items():
            place = staging.joinpath(*path.split("/"))
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        staging.chmod(0o755)
        staging.replace(target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def folder_files(
    read: Callable[[str], bytes | None], names: Callable[[str], list[str]], folder: str
) -> dict[str, bytes]:
    """The files of an integration in a folder that is checked out."""
    found: dict[str, bytes] = {}
    for path in _paths(names, folder):
        content = read(f"{folder}/{path}")
        if content is not None:
            found[path] = content
    return found


def _paths(names: Callable[[str], list[str]], folder: str) -> Iterator[str]:
    yield from names(folder)
    for within in ("img", "dashboards"):
        yield from (f"{within}/{name}" for name in names(f"{folder}/{within}"))


def signature_of(folder: Path) -> frozenset[tuple[str, int, int]]:
    """The files below a folder with their times and sizes, which differ after a change."""
    found: set[tuple[str, int, int]] = set()
    for path in folder.rglob("*"):
        try:
            status = path.stat()
        except OSError:
            continue
        found.add((str(path), status.st_mtime_ns, status.st_size))
    return frozenset(found)


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n").encode()
