"""`sensuctl apply` and `sensuctl diff`: send or show the resources that differ."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sensu.files.documents import Document
from sensu.resources.kinds import EVENT, USER
from sensu.sensuctl.command import Context
from sensu.sensuctl.comparison import CREATE, KEEP, UPDATE, PlannedChange, change_of
from sensu.sensuctl.dumped import cannot_be_put, is_as_shown, is_dump, left_out
from sensu.sensuctl.failure import CommandFailed, Exited
from sensu.sensuctl.nouns.create import are_located, put_document, read_documents
from sensu.sensuctl.output import show_value, to_yaml_documents, wants_colour, wrap
from sensu.sensuctl.progress import Progress
from sensu.sensuctl.resource_commands import checked
from sensu.sensuctl.table import FALSE, HEADER, RESET, TRUE
from sensu.terminal_text import clean

DONE = {CREATE: "created", UPDATE: "updated", KEEP: "unchanged"}
PLANNED = {CREATE: "would create", UPDATE: "would update", KEEP: "unchanged"}
EXIT_DIFFERENT = 1
NOT_JUDGED = (EVENT, USER)
"""Kinds that a comparison shows only in part."""


class ApplyStep(NamedTuple):
    """A document and its effect; `managed` says whether it gets the label of sensuctl."""

    document: Document
    change: PlannedChange
    managed: bool


def apply(context: Context) -> None:
    """`sensuctl apply -f SOURCE`: send the resources that differ; --dry-run only shows and validates them.

    If a resource is refused, the changes made before it are shown too.
    """
    documents = read_documents(context)
    dry_run = bool(context.flag("dry-run"))
    steps: list[ApplyStep] = []
    refused: CommandFailed | None = None
    with Progress(context, "apply", len(documents)) as progress:
        try:
            for index, step in enumerate(_steps(context, documents)):
                if not dry_run and step.change.action != KEEP:
                    _put(context, index, step, located=are_located(context, documents))
                steps.append(step)
                progress.advance()
        except CommandFailed as err:
            refused = err
    if not show_value(context, [_row(context, step) for step in steps]):
        _show_steps(context, steps, PLANNED if dry_run else DONE)
    if refused is not None:
        raise refused
    if dry_run:
        _require_valid(context, steps)


def _require_valid(context: Context, steps: Sequence[ApplyStep]) -> None:
    """Raise CommandFailed with all resources that break a rule."""
    problems: list[str] = []
    for document, change, _ in steps:
        if change.action == KEEP or document.kind.dump_order == 0 or document.kind in NOT_JUDGED:
            continue
        try:
            checked(document.kind, change.after)
        except CommandFailed as err:
            problems.append(f"in {document.place}: {_title(context, document)}: {err}")
    if problems:
        raise CommandFailed("\n".join(problems))


def _steps(context: Context, documents: Sequence[Document]) -> Iterator[ApplyStep]:
    """The effect of each document; users and API keys from a dump are kept."""
    whole = is_dump(documents)
    for document in documents:
        managed = not whole and not is_as_shown(document)
        try:
            if cannot_be_put(document):
                reason = left_out(context, document, whole=whole)
                if reason.refused:
                    raise CommandFailed(reason.text)
                yield ApplyStep(document, PlannedChange(KEEP, {}, {}), managed)
            else:
                yield ApplyStep(document, change_of(context, document, managed=managed), managed)
        except CommandFailed as err:
            raise CommandFailed(f"in {document.place}: {_title(context, document)}: {err}") from err


def _put(context: Context, index: int, step: ApplyStep, *, located: bool) -> None:
    try:
        put_document(context, index, step.document, managed=step.managed)
    except CommandFailed as err:
        if not located:
            raise
        raise CommandFailed(f"in {step.document.place}: {err}") from err


def _title(context: Context, document: Document) -> str:
    return clean(document.title(context.namespace))


def _row(context: Context, step: ApplyStep) -> dict[str, Any]:
    return {
        "action": step.change.action,
        "type": step.document.kind.type,
        "api_version": step.document.kind.api_version,
        "namespace": step.document.namespace_in(context.namespace),
        "name": "/".join(step.document.names()),
        "fields": step.change.fields,
    }


def _show_steps(context: Context, steps: Sequence[ApplyStep], words: dict[str, str]) -> None:
    for step in steps:
        if step.change.action != KEEP:
            fields = f" ({', '.join(step.change.fields)})" if step.change.fields else ""
            context.print(f"{words[step.change.action]} {_title(context, step.document)}{clean(fields)}")
    actions = [step.change.action for step in steps]
    context.print(", ".join(f"{actions.count(action)} {word}" for action, word in words.items()))


def diff(context: Context) -> None:
    """`sensuctl diff -f SOURCE`: a unified diff from the API to the files; status 1 if they differ."""
    import difflib  # noqa: PLC0415 - only this command

    colour = wants_colour(context)
    different = False
    for document, change, _ in _steps(context, read_documents(context)):
        if change.action == KEEP:
            continue
        title = _title(context, document)
        before, after = (_lines(document, body) for body in (change.before, change.after))
        lines = list(difflib.unified_diff(before, after, f"server: {title}", f"{document.place}: {title}", lineterm=""))
        different = different or bool(lines)
        context.stdout.writelines(_painted(line, colour=colour) + "\n" for line in lines)
    if different:
        raise Exited(EXIT_DIFFERENT)


def _lines(document: Document, body: dict[str, Any]) -> list[str]:
    return to_yaml_documents([wrap(document.kind, body)]).splitlines() if body else []


def _painted(line: str, *, colour: bool) -> str:
    code = {"-": FALSE, "+": TRUE, "@": HEADER}.get(line[:1], "") if colour else ""
    return f"{code}{clean(line)}{RESET}" if code else clean(line)
