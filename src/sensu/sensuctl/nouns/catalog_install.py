"""`sensuctl catalog install`: the resources of an integration with the answers to its questions.

Source: docs, "Configure integrations in the Sensu Catalog".
"""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from sensu.errors import InvalidResource
from sensu.files.values import values_of
from sensu.resources.catalog import Integration
from sensu.rules.catalog.patches import SkippedPatch
from sensu.rules.catalog.prompts import PromptAnswers, Unsuitable, answered, questions_of, shape_of, without_secrets
from sensu.rules.catalog.substitute import text_with
from sensu.sensuctl.catalog_plan import (
    CREATE,
    FOREIGN,
    KEEP,
    PlannedResource,
    planned,
    put_resources,
    rendered,
)
from sensu.sensuctl.catalog_prompts import ask_questions, show_text
from sensu.sensuctl.catalog_source import catalog_of, chosen, name_in
from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.output import to_yaml_documents, wrap
from sensu.sensuctl.prompt import agree
from sensu.sensuctl.sources import STDIN, read_source, read_stdin

UNIQUE_ID_BYTES = 4
DEEDS = {CREATE: "create", FOREIGN: "overwrite", KEEP: "unchanged"}


def install(context: Context) -> None:
    """`sensuctl catalog install NAME`: everything is asked, rendered and validated before the first request."""
    catalog = catalog_of(context)
    name = chosen(catalog, name_in(context.words[0]))
    integration, resources = catalog.integration(name), catalog.resources(name)
    given = checked_answers(integration, given_answers(context, integration))
    if asks(context):
        given = ask_questions(context, integration, given)
    answers = complete(integration, given)
    unique_id = secrets.token_hex(UNIQUE_ID_BYTES)
    documents, skipped = rendered(context, integration, resources, answers, unique_id)
    show_skipped(context, skipped, answers)
    if context.flag("dry-run"):
        context.stdout.write(to_yaml_documents(wrap(one.kind, one.body) for one in documents))
        return
    plan = planned(context, documents)
    show_plan(context, plan, DEEDS)
    foreign = [one.document.title(context.namespace) for one in plan if one.action == FOREIGN]
    if foreign and not context.flag("overwrite"):
        raise CommandFailed(
            f"these resources exist already and differ: {', '.join(foreign)}; "
            "use --overwrite to replace them, or 'sensuctl catalog update' to change an installation"
        )
    stored = [one.document for one in plan if one.action != KEEP]
    if stored and not may_go_on(context, f"install {name} in the namespace {context.namespace}"):
        return
    put_resources(context, stored, f"'sensuctl catalog update {name} --id {unique_id}' installs the rest")
    context.print(f"Installed {name} as {unique_id}" if stored else f"{name}: everything exists already")
    show_post_install(context, integration, answers, unique_id)


def asks(context: Context) -> bool:
    """Whether questions are asked: at a terminal unless --defaults is given, elsewhere only with --interactive."""
    return bool(context.flag("interactive") or (context.stdin.isatty() and not context.flag("defaults")))


def may_go_on(context: Context, deed: str) -> bool:
    """Whether a change is confirmed; only asked at a terminal, like the questions."""
    if context.flag("skip-confirm") or not context.stdin.isatty():
        return True
    if agree(context, f"Are you sure you would like to {deed}?"):
        return True
    context.print("Canceled")
    return False


def given_answers(context: Context, integration: Integration) -> dict[str, Any]:
    """The answers of --answers and --set; later ones replace earlier ones. Raises CommandFailed."""
    given: list[tuple[str, Any]] = []
    for source in context.flag("answers") or ():
        texts = (
            [(source, read_stdin(context, "stdin"))]
            if source == STDIN
            else list(read_source(context, source, recursive=False))
        )
        for place, text in texts:
            given += _answers_in(text, place).items()
    for text in context.flag("set") or ():
        name, sign, value = text.partition("=")
        if not sign:
            raise CommandFailed(f"--set {text}: use NAME=VALUE")
        given.append((name, value))
    objects = {one.name for one in questions_of(integration) if shape_of(one).type == "object"}
    found: dict[str, Any] = {}
    for name, value in given:
        question, _, part = name.partition(".")
        if part and question in objects:
            before = found.get(question)
            found[question] = {**(before if isinstance(before, dict) else {}), part: value}
        else:
            found[name] = value
    return found


def _answers_in(text: str, place: str) -> Mapping[str, Any]:
    try:
        values = [value for _, value in values_of(text)]
    except InvalidResource as err:
        raise CommandFailed(f"in {place}: {err}") from err
    if len(values) != 1 or not isinstance(values[0], dict):
        raise CommandFailed(f"in {place}: the answers must be one object, with the names of the questions as keys")
    return values[0]


def checked_answers(integration: Integration, given: Mapping[str, Any]) -> dict[str, Any]:
    """The given answers with their types; raises CommandFailed for one that does not fit."""
    try:
        values = answered(integration, given).values
    except Unsuitable as err:
        raise CommandFailed(str(err)) from err
    return {name: values[name] for name in given if name in values}


def complete(integration: Integration, given: Mapping[str, Any]) -> PromptAnswers:
    """The answers with all defaults; raises CommandFailed if a required one is missing."""
    answers = answered(integration, given)
    if answers.missing:
        named = ", ".join(f"{one.name} ({shape_of(one).title or one.name})" for one in answers.missing)
        raise CommandFailed(
            f"these questions need an answer: {named}; use --answers FILE or --set NAME=VALUE, "
            "and 'sensuctl catalog info' to see all questions"
        )
    return answers


def show_skipped(context: Context, skipped: Sequence[SkippedPatch], answers: PromptAnswers) -> None:
    """Show on standard error which patches were skipped; those without an answer in one line for each resource.

    A patch for another option than the one that was chosen is not shown.
    """
    unanswered: dict[str, list[str]] = {}
    for one in skipped:
        names = [path.partition(".")[0] for path in one.missing]
        if not names:
            context.say(f"skipped: {one.title}: {one.path}: {one.reason}")
        elif not all(name in answers.values for name in names):
            unanswered.setdefault(one.title, []).extend(name for name in names if name not in answers.values)
    for title, names in unanswered.items():
        context.say(f"left out: {title}: what depends on {', '.join(dict.fromkeys(names))} (no answer)")


def show_plan(context: Context, plan: Sequence[PlannedResource], deeds: Mapping[str, str]) -> None:
    """Show what happens to each resource."""
    for one in plan:
        scope = "" if one.document.kind.namespaced else " (for the whole cluster)"
        context.print(f"{deeds[one.action]}: {one.document.title(context.namespace)}{scope}")


def show_post_install(context: Context, integration: Integration, answers: PromptAnswers, unique_id: str) -> None:
    """Show the texts of an integration for after its installation, without secret answers."""
    known = answers._replace(values=without_secrets(integration, answers.values))
    variables = known.variables(integration, unique_id)
    for step in integration.post_install:
        show_text(context, msgspec.structs.replace(step, body=text_with(step.body, variables)))
