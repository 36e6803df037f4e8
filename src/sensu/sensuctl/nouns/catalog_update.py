"""`sensuctl catalog update`, `remove` and `list --installed`: what was installed from a catalog."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from sensu.files.documents import Document
from sensu.resources.catalog import Integration
from sensu.rules.catalog.dependents import still_used
from sensu.rules.catalog.installed import KeptAnswers, answers_of
from sensu.rules.catalog.prompts import Unsuitable, answer_to, as_question, questions_of
from sensu.rules.catalog.versions import IntegrationName
from sensu.sensuctl.catalog_plan import (
    CHANGED,
    CREATE,
    FOREIGN,
    KEEP,
    REPLACE,
    InstalledResource,
    installed,
    planned,
    put_resources,
    references,
    rendered,
)
from sensu.sensuctl.catalog_prompts import ask_questions
from sensu.sensuctl.catalog_source import catalog_of, chosen, name_in
from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.nouns.catalog_install import (
    asks,
    checked_answers,
    complete,
    given_answers,
    may_go_on,
    show_plan,
    show_skipped,
)
from sensu.sensuctl.nouns.delete import Deletions
from sensu.sensuctl.output import show_table, show_value
from sensu.sensuctl.prompt import confirm
from sensu.sensuctl.table import Column
from sensu.sensuctl.wrapped import path_of

LEFT_CHANGED = "changed since its installation"
COLUMNS = (
    Column("Name", lambda row: row["name"], key=True),
    Column("Version", lambda row: row["version"]),
    Column("ID", lambda row: row["id"]),
    Column("Resources", lambda row: row["resources"]),
    Column("Changed", lambda row: row["changed"]),
)


class _Found(NamedTuple):
    """An installation with its resources."""

    name: IntegrationName
    unique_id: str
    resources: list[InstalledResource]


class _Removal(NamedTuple):
    """The resources to delete, and those to leave, with the reasons."""

    going: list[InstalledResource]
    left: list[tuple[InstalledResource, str]]


def list_installed(context: Context) -> None:
    """`sensuctl catalog list --installed`: the installations of the namespace."""
    groups: dict[str, list[InstalledResource]] = {}
    for one in installed(context):
        groups.setdefault(one.installation.unique_id, []).append(one)
    rows = [_row(found) for found in groups.values()]
    rows.sort(key=lambda row: (row["name"], row["id"]))
    if not show_value(context, rows):
        show_table(context, COLUMNS, rows)


def _row(resources: Sequence[InstalledResource]) -> dict[str, Any]:
    installation = resources[0].installation
    return {
        "name": installation.integration.full,
        "version": installation.integration.version,
        "id": installation.unique_id,
        "resources": len(resources),
        "changed": sum(one.changed for one in resources),
    }


def update(context: Context) -> None:
    """`sensuctl catalog update NAME`: the kept answers in the newest version, or with other answers in the same one.

    Resources that were changed since their installation are left, and those that the version does not have any more
    are deleted.
    """
    wanted = name_in(context.words[0])
    found = _installation(context, wanted)
    catalog = catalog_of(context)
    name = chosen(catalog, wanted)
    integration, raw = catalog.integration(name), catalog.resources(name)
    answers = complete(integration, _answers(context, integration, found))
    documents, skipped = rendered(context, integration, raw, answers, found.unique_id)
    show_skipped(context, skipped, answers)
    force, overwrite = bool(context.flag("force")), bool(context.flag("overwrite"))
    plan = planned(context, documents)
    needed = {CREATE, REPLACE, *((CHANGED,) if force else ()), *((FOREIGN,) if overwrite else ())}
    stored = [one.document for one in plan if one.action in needed]
    paths = {path_of(one, context.namespace) for one in documents}
    removal = _removal(context, [one for one in found.resources if one.path not in paths], stored, force=force)
    replaced = "replace" if force else f"left, {LEFT_CHANGED}"
    foreign = "overwrite" if overwrite else "left, it belongs to something else"
    show_plan(
        context, plan, {CREATE: "create", REPLACE: "update", KEEP: "unchanged", CHANGED: replaced, FOREIGN: foreign}
    )
    _show_removal(context, removal)
    if context.flag("dry-run") or not (stored or removal.going):
        context.print("Nothing was changed" if context.flag("dry-run") else f"{name} is up to date")
        return
    if may_go_on(context, f"update {found.name.full} to {name.version} in the namespace {context.namespace}"):
        put_resources(context, stored, "the same command continues")
        _delete(context, removal)
        context.print(f"Updated {name}")


def remove(context: Context) -> None:
    """`sensuctl catalog remove NAME`: delete the resources of an installation that nobody changed or uses."""
    name = name_in(context.words[0])
    if name.version:
        raise CommandFailed(f"use {name.full} without a version; --id names one of several installations")
    found = _installation(context, name)
    removal = _removal(context, found.resources, (), force=bool(context.flag("force")))
    _show_removal(context, removal)
    if context.flag("dry-run") or not removal.going:
        context.print("Nothing was deleted")
    elif confirm(context, f"remove {found.name} from the namespace {context.namespace}"):
        _delete(context, removal)
        context.print(f"Removed {found.name}")


def _installation(context: Context, name: IntegrationName) -> _Found:
    """The installation that is meant; raises CommandFailed if there are none or several and --id names none."""
    groups: dict[str, list[InstalledResource]] = {}
    for one in installed(context, name.full):
        groups.setdefault(one.installation.unique_id, []).append(one)
    wanted = context.text("id")
    if wanted:
        groups = {unique_id: resources for unique_id, resources in groups.items() if unique_id == wanted}
    if not groups:
        which = f"{name.full} {wanted}".strip()
        remedy = "'sensuctl catalog list --installed' shows what is"
        raise CommandFailed(f"{which} is not installed in the namespace {context.namespace}; {remedy}")
    if len(groups) > 1:
        raise CommandFailed(f"{name.full} is installed several times; use --id {' or --id '.join(sorted(groups))}")
    unique_id, resources = next(iter(groups.items()))
    versions = sorted({one.installation.integration for one in resources})
    return _Found(versions[-1], unique_id, resources)


def _answers(context: Context, integration: Integration, found: _Found) -> dict[str, Any]:
    """The answers to use: those given, then those kept; secret ones and missing ones are asked for."""
    kept = _kept(found.resources)
    given = checked_answers(integration, given_answers(context, integration))
    values = {**_still_suitable(context, integration, kept), **given}
    again = {path.partition(".")[0] for path in kept.secrets} - set(given)
    if asks(context):
        needed = again | {one.name for one in questions_of(integration) if one.required and one.name not in values}
        prompts = tuple(one for one in integration.prompts if one.name in needed)
        return ask_questions(context, msgspec.structs.replace(integration, prompts=prompts), values)
    unanswered = [path for path in kept.secrets if path.partition(".")[0] in again and _asks(integration, path)]
    if unanswered:
        raise CommandFailed(
            f"secret answers are not kept; give them again with --answers FILE: {', '.join(unanswered)}"
        )
    return values


def _kept(resources: Sequence[InstalledResource]) -> KeptAnswers:
    """The answers that the resources keep; those of unchanged ones first, because somebody may edit annotations."""
    ordered = sorted(resources, key=lambda one: one.changed)
    answers = (answers_of(one.metadata) for one in ordered)
    return next((one for one in answers if one.values or one.secrets), KeptAnswers({}))


def _asks(integration: Integration, path: str) -> bool:
    return any(one.name == path.partition(".")[0] for one in questions_of(integration))


def _still_suitable(context: Context, integration: Integration, kept: KeptAnswers) -> dict[str, Any]:
    """The kept answers that the version still asks for and accepts; those with a secret part are left out."""
    secret = {path.partition(".")[0] for path in kept.secrets}
    found: dict[str, Any] = {}
    for prompt in integration.prompts:
        question = as_question(prompt)
        if question is None or question.name in secret or question.name not in kept.values:
            continue
        try:
            found[question.name] = answer_to(question, kept.values[question.name])
        except Unsuitable as err:
            context.say(f"the former answer is not used: {err}")
    return {name: value for name, value in found.items() if value is not None}


def _removal(
    context: Context, resources: Sequence[InstalledResource], stored: Sequence[Document], *, force: bool
) -> _Removal:
    """What is deleted after the documents are stored; what was changed or is used is left, unless `force`."""
    if force or not resources:
        return _Removal(list(resources), [])
    unchanged = [one for one in resources if not one.changed]
    used = still_used([one.key for one in unchanged], references(context, stored))
    left = [(one, LEFT_CHANGED) for one in resources if one.changed]
    left += [(one, f"used by {used[one.key]}") for one in unchanged if one.key in used]
    return _Removal([one for one in unchanged if one.key not in used], left)


def _show_removal(context: Context, removal: _Removal) -> None:
    for one in removal.going:
        context.print(f"delete: {one.key}")
    for one, reason in removal.left:
        context.print(f"left, {reason}: {one.key}")


def _delete(context: Context, removal: _Removal) -> None:
    deletions = Deletions(context)
    for one in sorted(removal.going, key=lambda resource: resource.key.kind.delete_order):
        deletions.delete(one.path, f"{one.key} cannot be deleted")
    deletions.finish(quiet=True)
