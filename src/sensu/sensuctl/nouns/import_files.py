"""`sensuctl import …`: print resources for the configuration of another monitoring system, for review.

Nothing is sent to an API. The resources go to standard output, with a comment where something must be decided; what was
taken and what was not goes to standard error, and into the comments at the top.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sensu.clock import SystemClock
from sensu.errors import InvalidResource
from sensu.files.values import values_of
from sensu.rules.importing.imported import Imported
from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.private_file import write_private
from sensu.sensuctl.review_text import reviewed_yaml, summary_of, variables_text
from sensu.sensuctl.sources import read_file, read_source, reason


def uptime_kuma(context: Context) -> None:
    """`sensuctl import uptime-kuma FILE`: a database of version 1 or 2, or a backup of version 1."""
    from sensu.rules.importing.uptime_kuma import imported_from  # noqa: PLC0415 - one importer is needed
    from sensu.sensuctl.kuma_database import backup_in, is_database  # noqa: PLC0415

    name = _only_word(context)
    path = Path(name)
    try:
        backup = backup_in(path) if is_database(path) else _object_in(read_file(path, name), name)
    except OSError as err:
        raise CommandFailed(f"open {name}: {reason(err)}") from err
    if "monitorList" not in backup:
        raise CommandFailed(
            f"{name} is not a backup of Uptime Kuma: it has no monitorList. Version 2 makes none: give its kuma.db"
        )
    _show(context, imported_from(backup, context.text("subscription"), SystemClock().now()))


def gatus(context: Context) -> None:
    """`sensuctl import gatus FILE|DIR`: the files of a configuration, which are merged as Gatus does."""
    from sensu.rules.importing.gatus import imported_from  # noqa: PLC0415 - one importer is needed

    config: dict[str, Any] = {}
    for _, value in _yaml_values(context):
        if isinstance(value, dict):
            config = _merged(config, value)
    if not any(isinstance(config.get(key), list) for key in ("endpoints", "external-endpoints", "suites")):
        raise CommandFailed(f"{' '.join(context.words)} is not a configuration of Gatus: it has no endpoints")
    _show(context, imported_from(config, context.text("subscription"), SystemClock().now()))


def prometheus(context: Context) -> None:
    """`sensuctl import prometheus FILE|DIR`: files of rules."""
    from sensu.rules.importing.prometheus import imported_from  # noqa: PLC0415 - one importer is needed

    documents = [value for _, value in _yaml_values(context)]
    imported = imported_from(documents, context.text("url"), context.text("subscription"))
    if not imported.resources and not imported.not_taken:
        raise CommandFailed(f"{' '.join(context.words)}: no rules of Prometheus: groups with rules are expected")
    _show(context, imported)


def blackbox(context: Context) -> None:
    """`sensuctl import blackbox FILE...`: the modules, and the configuration of Prometheus that uses them."""
    from sensu.rules.importing.blackbox import BlackboxFiles, imported_from  # noqa: PLC0415 - one importer is needed

    files = BlackboxFiles([*_yaml_values(context)])
    if not files.modules():
        raise CommandFailed(f"{' '.join(context.words)}: no modules of the blackbox exporter: give its blackbox.yml")
    if not any(files.jobs()):
        raise CommandFailed(
            f"{' '.join(context.words)}: no targets: give the prometheus.yml that has jobs with metrics_path /probe too"
        )
    _show(context, imported_from(files, context.text("subscription")))


def nagios(context: Context) -> None:
    """`sensuctl import nagios FILE|DIR...`: object files, and resource.cfg and nagios.cfg for their macros."""
    from sensu.rules.importing.nagios import imported_from  # noqa: PLC0415 - one importer is needed
    from sensu.rules.importing.nagios_objects import NagiosObjects  # noqa: PLC0415

    objects = NagiosObjects()
    for word in context.words:
        path = Path(word)
        files = sorted(path.rglob("*.cfg")) if path.is_dir() else [path]
        if not files:
            raise CommandFailed(f"no .cfg files in {word}")
        for file in files:
            objects.read(str(file), read_file(file, str(file)))
    if not objects.raw:
        raise CommandFailed(f"{' '.join(context.words)}: no definitions of objects")
    _show(context, imported_from(objects, context.text("subscription")))


def _yaml_values(context: Context) -> Iterator[tuple[str, Any]]:
    """The documents of all files and folders, with the names of the files; raises CommandFailed."""
    for word in context.words:
        for name, text in read_source(context, word, recursive=True):
            try:
                for _, value in values_of(text):
                    yield name, value
            except InvalidResource as err:
                raise CommandFailed(f"in {name}: {err}") from err


def _merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Two objects as one: lists are joined, and objects within are merged."""
    found = dict(first)
    for key, value in second.items():
        before = found.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            found[key] = _merged(before, value)
        else:
            found[key] = [*before, *value] if isinstance(before, list) and isinstance(value, list) else value
    return found


def _only_word(context: Context) -> str:
    if len(context.words) > 1:
        raise CommandFailed("name one file")
    return context.words[0]


def _object_in(text: str, name: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as err:
        raise CommandFailed(f"{name} is not JSON: {err}") from err
    if not isinstance(found, dict):
        raise CommandFailed(f"{name} must contain a JSON object")
    return found


def _show(context: Context, imported: Imported) -> None:
    """Print the resources, and write the secrets if a file for them is given."""
    file = context.text("secrets-file")
    if file:
        try:
            write_private(Path(file), variables_text(imported.secrets))
        except OSError as err:
            raise CommandFailed(f"open {file}: {reason(err)}") from err
    context.stdout.write(reviewed_yaml(imported))
    _say(context, summary_of(imported))
    if imported.secrets and not file:
        context.say(f"passwords and tokens left out: {len(imported.secrets)}; --secrets-file FILE writes them")


def _say(context: Context, lines: Sequence[str]) -> None:
    for line in lines:
        context.say(line)
