"""`sensuctl catalog generate`: the static files of a catalog, for any web server.

Source: docs, "Catalog integrations reference", generate subcommand.
"""

import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from sensu.errors import InvalidResource
from sensu.rules.catalog.versions import IntegrationName
from sensu.sensuctl.catalog_build import BuiltVersion, api_files, built, folder_files, signature_of, write_release
from sensu.sensuctl.catalog_git import GitRepository
from sensu.sensuctl.catalog_source import CheckedOutCatalog
from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.nouns.catalog import checked_out

POLL_S = 1.0
Files = dict[str, bytes]


def generate(context: Context) -> None:
    """`sensuctl catalog generate`: tagged versions, with --snapshot also the files that are checked out."""
    folder = release_folder(context)
    publish(context, folder, snapshot=bool(context.flag("snapshot")))
    context.print(str(folder))
    if context.flag("watch"):
        watch(context, lambda: publish(context, folder, snapshot=bool(context.flag("snapshot"))), threading.Event())


def release_folder(context: Context) -> Path:
    """The folder for releases: --output, or a new one in --temp-dir."""
    output, temporary = context.text("output"), context.text("temp-dir")
    if output:
        return Path(output).expanduser()
    try:
        return Path(tempfile.mkdtemp(prefix="catalog-", dir=temporary or None)) / "release"
    except OSError as err:
        raise CommandFailed(f"{temporary}: {(err.strerror or str(err)).lower()}") from err


def publish(context: Context, folder: Path, *, snapshot: bool) -> str:
    """Build a release in a folder and return its checksum; raises CommandFailed if a version cannot be published."""
    versions: list[BuiltVersion] = []
    problems: list[str] = []
    for name, read, source in found_versions(context, snapshot=snapshot):
        try:
            versions.append(built(name, read()))
            context.say(f"found: {name} ({source})")
        except (InvalidResource, CommandFailed) as err:
            problems.append(f"{name} ({source}): {err}")
    for problem in problems:
        context.say(f"invalid: {problem}")
    if problems and not context.flag("skip-invalid"):
        count = len(problems)
        what = "a version" if count == 1 else f"{count} versions"
        raise CommandFailed(f"{what} cannot be published; use --skip-invalid to leave out what is invalid")
    if not versions:
        remedy = "" if snapshot else "; tag a version as NAMESPACE/NAME/VERSION, or use --snapshot"
        raise CommandFailed(f"no integrations to publish{remedy}")
    return write_release(api_files(versions), folder)


def found_versions(context: Context, *, snapshot: bool) -> Iterator[tuple[IntegrationName, Callable[[], Files], str]]:
    """The versions of the repository, how to read their files, and where they come from."""
    catalog = checked_out(context)
    folder = Path(catalog.files.place)
    if (folder / ".git").exists():
        repository = GitRepository(folder, catalog.folder, context.environment)
        tagged, others = repository.versions()
        for tag in others:
            context.say(f"ignored: the tag {tag} names no version NAMESPACE/NAME/VERSION")
        for name in tagged:
            yield name, _reader(repository, name), "tag"
    elif not snapshot:
        raise CommandFailed(f"{folder} is not a repository of Git, so that it has no tagged versions; use --snapshot")
    if snapshot:
        for name in catalog.names():
            yield name, _snapshot_reader(catalog, name), "folder"


def _reader(repository: GitRepository, name: IntegrationName) -> Callable[[], Files]:
    return lambda: repository.files(name)


def _snapshot_reader(catalog: CheckedOutCatalog, name: IntegrationName) -> Callable[[], Files]:
    folder = f"{catalog.folder}/{name.full}"
    return lambda: folder_files(catalog.read_path, catalog.files.files, folder)


def watch(context: Context, rebuild: Callable[[], object], is_over: threading.Event) -> None:
    """Rebuild when a file of an integration changes, until it is over or interrupted; problems are only shown."""
    catalog = checked_out(context)
    folder = Path(catalog.files.place) / catalog.folder
    before = signature_of(folder)
    while not is_over.wait(POLL_S):
        now = signature_of(folder)
        if now != before:
            before = now
            try:
                rebuild()
                context.say("rebuilt")
            except CommandFailed as err:
                context.say(f"not rebuilt: {err}")
