"""`sensuctl catalog list`, `info` and `validate`: the integrations of a catalog.

Source: docs, "Configure integrations in the Sensu Catalog", "Catalog integrations reference".
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sensu.client.catalog import FolderFiles
from sensu.errors import InvalidResource
from sensu.files.documents import DocumentProblem, read_documents
from sensu.resources.catalog import Integration, Prompt
from sensu.resources.wire import encode
from sensu.rules.catalog.definition import problems_of
from sensu.rules.catalog.prompts import questions_of, secret_parts, shape_of
from sensu.rules.catalog.search import is_found
from sensu.rules.catalog.substitute import text_of
from sensu.rules.catalog.versions import IntegrationName
from sensu.sensuctl.catalog_build import IMAGE_SUFFIXES, LOGO
from sensu.sensuctl.catalog_source import (
    DEFINITION,
    README,
    RESOURCES,
    CheckedOutCatalog,
    catalog_of,
    chosen,
    name_in,
)
from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.output import show_details, show_table, show_value
from sensu.sensuctl.table import Column

_PNG = b"\x89PNG\r\n\x1a\n"
COLUMNS = (
    Column("Name", lambda one: full_name(one), key=True, whole=True),
    Column("Version", lambda one: one.version, spare=1, whole=True),
    Column("Class", lambda one: one.integration_class, spare=3, whole=True),
    Column("Provider", lambda one: one.provider, spare=2, whole=True),
    Column("Description", lambda one: one.short_description),
)


def full_name(integration: Integration) -> str:
    """`nginx/nginx-monitoring`."""
    return f"{integration.metadata.namespace}/{integration.metadata.name}"


def list_integrations(context: Context) -> None:
    """`sensuctl catalog list`: every integration in its newest version, or the installations of the namespace."""
    if context.flag("installed"):
        from sensu.sensuctl.nouns.catalog_update import list_installed  # noqa: PLC0415 - this needs no catalog

        list_installed(context)
        return
    search = context.text("search")
    found = [one for one in catalog_of(context).latest() if not search or is_found(one, search)]
    if not show_value(context, [_described(one) for one in found]):
        show_table(context, COLUMNS, found)


def _described(integration: Integration) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(encode(integration))
    return {key: value for key, value in content.items() if key not in ("prompts", "resource_patches", "post_install")}


def show_integration(context: Context) -> None:
    """`sensuctl catalog info NAME`: its description and its questions, or its README."""
    catalog = catalog_of(context)
    name = chosen(catalog, name_in(context.words[0]))
    if context.flag("readme"):
        readme = catalog.readme(name)
        if not readme:
            raise CommandFailed(f"{name} has no README")
        context.print(readme.rstrip())
        return
    integration, versions = catalog.integration(name), catalog.versions(name)
    if not show_value(context, {**json.loads(encode(integration)), "versions": versions}):
        show_details(context, full_name(integration), _details(integration, versions))
        _show_questions(context, integration)


def _details(integration: Integration, versions: list[str]) -> list[tuple[str, str]]:
    return [
        ("Name", integration.display_name),
        ("Description", integration.short_description),
        ("Version", integration.version),
        ("All Versions", ", ".join(versions)),
        ("Class", integration.integration_class),
        ("Provider", integration.provider),
        ("Platforms", ", ".join(integration.supported_platforms)),
        ("Tags", ", ".join(integration.tags)),
        ("Contributors", ", ".join(integration.contributors)),
    ]


QUESTION_COLUMNS = (
    Column("Question", lambda row: row[0], key=True, whole=True),
    Column("Type", lambda row: row[1]),
    Column("Required", lambda row: row[2]),
    Column("Default", lambda row: row[3]),
    Column("Title", lambda row: row[4]),
)


def _show_questions(context: Context, integration: Integration) -> None:
    rows = [row for question in questions_of(integration) for row in _question_rows(question)]
    if rows:
        context.print()
        show_table(context, QUESTION_COLUMNS, rows)


def _question_rows(question: Prompt) -> Iterator[tuple[str, str, bool, str, str]]:
    """A row for each answer that can be given with --set."""
    shape, secret = shape_of(question), secret_parts(question)
    if not shape.one_of:
        title = shape.title or (shape.items.title if shape.items else "")
        kind = "secret" if question.name in secret else shape.type
        yield question.name, kind, question.required, text_of(shape.default), title
        return
    for number, option in enumerate(shape.one_of):
        for key, part in (option.properties or {}).items():
            if part.const is None:
                path = f"{question.name}.{key}"
                title = part.title if number == 0 else f"or: {part.title}"
                kind = "secret" if path in secret else part.type
                yield path, kind, question.required and number == 0, text_of(part.default), title


def validate(context: Context) -> None:
    """`sensuctl catalog validate`: the problems of the integrations of a repository; fails if there are any."""
    catalog = checked_out(context)
    faulty = count = 0
    for name in catalog.names():
        count += 1
        problems = list(dict.fromkeys(problems_in(catalog, name)))
        for problem in problems:
            context.print(problem)
        faulty += bool(problems)
    if not count:
        raise CommandFailed(f"no integrations in {catalog.files.place}/{catalog.folder}")
    if faulty:
        raise CommandFailed(f"{faulty} of {count} integrations have problems")
    context.print(f"{count} {'integration is' if count == 1 else 'integrations are'} valid")


def checked_out(context: Context) -> CheckedOutCatalog:
    """The repository that --repo-dir names; raises CommandFailed if it is not a folder."""
    folder = Path(context.text("repo-dir")).expanduser()
    if not folder.is_dir():
        raise CommandFailed(f"{folder} is not a folder")
    return CheckedOutCatalog(FolderFiles(folder), context.text("integrations-dir-name"))


def problems_in(catalog: CheckedOutCatalog, name: IntegrationName) -> Iterator[str]:
    """The problems of an integration and its files, each with its place."""
    try:
        definition = catalog.definition(name)
        resources = catalog.resources(name)
    except CommandFailed as err:
        yield str(err)
        return
    place = catalog.path(name, DEFINITION)
    if definition.metadata != catalog.integration(name).metadata:
        own = full_name(definition)
        yield f"{place}: metadata: the name {own} differs from the folder, {name.full}"
    for path, message in problems_of(definition, resources):
        yield f"{place}: {path} {message}"
    yield from _problems_of_resources(catalog, name)
    yield from _problems_of_files(catalog, name)


def _problems_of_resources(catalog: CheckedOutCatalog, name: IntegrationName) -> Iterator[str]:
    place = catalog.path(name, RESOURCES)
    seen: set[tuple[str, str]] = set()
    try:
        for found in read_documents(catalog.text(name, RESOURCES)):
            if isinstance(found, DocumentProblem):
                yield f"{place}, line {found.line}: {found.text.removeprefix('warning: ')}"
                continue
            if not found.name:
                yield f"{place}, line {found.line}: {found.kind.type} has no name"
            elif (found.kind.type, found.name) in seen:
                yield f"{place}, line {found.line}: {found.kind.type} {found.name} occurs twice"
            seen.add((found.kind.type, found.name))
    except InvalidResource as err:
        yield f"{place}: {err}"
    if not seen:
        yield f"{place}: has no resources"


def _problems_of_files(catalog: CheckedOutCatalog, name: IntegrationName) -> Iterator[str]:
    if not (catalog.read(name, README) or b"").strip():
        yield f"{catalog.path(name, README)}: is missing or empty"
    logo = catalog.read(name, LOGO)
    if logo is None or not logo.startswith(_PNG):
        yield f"{catalog.path(name, LOGO)}: {'is missing' if logo is None else 'is not a PNG image'}"
    for image in catalog.files.files(f"{catalog.folder}/{name.full}/img"):
        if not image.lower().endswith(IMAGE_SUFFIXES):
            yield f"{catalog.path(name, f'img/{image}')}: must be a GIF, JPEG or PNG image"
