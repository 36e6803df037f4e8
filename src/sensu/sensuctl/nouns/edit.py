"""`sensuctl edit`: edit a resource in an editor.

Source: docs "Create and manage resources with sensuctl"; recorded sensuctl session edit.
"""

import os
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from sensu.resources.event import Event
from sensu.resources.kinds import CHECK, CHECK_AS_RUN, EVENT, Kind
from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import BadArguments, CommandFailed
from sensu.sensuctl.nouns.create import put_document
from sensu.sensuctl.nouns.dump import as_kind
from sensu.sensuctl.output import to_json, to_yaml_documents, wrap
from sensu.sensuctl.paths import resource_path
from sensu.sensuctl.sources import read_file, reason
from sensu.sensuctl.type_names import kind_named
from sensu.sensuctl.wrapped import parse_documents

DEFAULT_EDITOR = "notepad.exe" if os.name == "nt" else "vi"


def edit(context: Context) -> None:
    """`sensuctl edit TYPE KEY…`: nothing is sent if the text was not changed."""
    blank = bool(context.flag("blank"))
    if len(context.words) < (1 if blank else 2):
        raise BadArguments
    kind = kind_named(context.words[0])
    if blank:
        if kind.types:
            raise CommandFailed(f"--blank needs a type, one of {', '.join(one.short_name for one in kind.types)}")
        kind = CHECK if kind is CHECK_AS_RUN else kind
        resource = _blank(kind, context.namespace)
    else:
        resource = _current(context, kind, context.words[1:])
    as_json = context.configuration.profile.format in ("json", "wrapped-json")
    before = to_json(wrap(kind, resource)) + "\n" if as_json else to_yaml_documents([wrap(kind, resource)])
    after = _edited(context, before, ".json" if as_json else ".yaml")
    if after == before:
        return
    documents = parse_documents(context, after)
    if not documents:
        raise CommandFailed("no resources were parsed")
    paths = [put_document(context, index, document, managed=False) for index, document in enumerate(documents)]
    context.print(f"Updated {paths[0]}")


def _current(context: Context, kind: Kind, keys: Any) -> Any:
    if kind is EVENT and len(keys) != 2:
        raise CommandFailed("events need an entity and check component")
    if kind is not EVENT and len(keys) != 1:
        raise CommandFailed("resource name missing")
    names = () if kind.single else keys
    return as_kind(kind, context.session.get(resource_path(kind, context.namespace, *names)))


def _blank(kind: Kind, namespace: str) -> Any:
    """An empty resource to fill in."""
    resource = msgspec.to_builtins(kind.shape())
    if kind.shape is Event:
        parts = {name: _blank_part(name, namespace) for name in ("check", "entity")}
        return {**resource, **parts}
    if kind.namespaced:
        resource["metadata"] = {"namespace": namespace}
    return resource


def _blank_part(name: str, namespace: str) -> Any:
    from sensu.resources.check import Check  # noqa: PLC0415 - only for events
    from sensu.resources.entity import Entity  # noqa: PLC0415

    shape = {"check": Check, "entity": Entity}[name]
    return {**msgspec.to_builtins(shape()), "metadata": {"namespace": namespace}}


def _edited(context: Context, text: str, suffix: str) -> str:
    """The text after the editor has ended; raises CommandFailed if the editor fails."""
    handle, name = tempfile.mkstemp(prefix="sensu-resource.", suffix=suffix)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        _run_editor(context, name)
        return read_file(Path(name), name)
    finally:
        Path(name).unlink(missing_ok=True)


def _run_editor(context: Context, name: str) -> None:
    """Run the editor; $EDITOR may contain arguments."""
    editor = context.environment.get("EDITOR", "").split() or [DEFAULT_EDITOR]
    context.stdout.flush()
    try:
        status = subprocess.run([*editor, name], check=False).returncode  # noqa: S603 - the user's own editor
    except OSError as err:
        raise CommandFailed(f"fork/exec {editor[0]}: {reason(err)}") from err
    if status:
        raise CommandFailed(f"exit status {status}" if status > 0 else f"signal: {signal.strsignal(-status)}".lower())
