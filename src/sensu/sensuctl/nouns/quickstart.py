"""`sensuctl quickstart`: watch something and send messages about it, with one command.

It writes ordinary resources, shows them, applies them, waits for the first result and tries the handler. Nothing else
is kept: what it made has the label `made-by: quickstart`, by which `--remove` finds it.
"""

import math
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sensu.clock import SystemClock
from sensu.errors import InvalidResource
from sensu.files.documents import Document
from sensu.flags import convert
from sensu.resources.kinds import CHECK, EVENT, HANDLER, Kind
from sensu.rules.quickstart import (
    MADE_BY,
    NAME_LABEL,
    QUICKSTART,
    TEMPLATES,
    QuickStart,
    StartTemplate,
    default_name,
    documents,
    job_line,
    problem,
)
from sensu.rules.spelling import did_you_mean
from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import APIError, CommandFailed
from sensu.sensuctl.nouns.create import put_documents
from sensu.sensuctl.nouns.handler_test import show_report
from sensu.sensuctl.paths import resource_path
from sensu.sensuctl.prompt import agree
from sensu.sensuctl.wrapped import parse_documents

FIRST_RESULT_S, POLL_S = 15.0, 0.3
MADE = (CHECK, HANDLER)
STATUSES = ("OK", "warning", "critical")


def quickstart(context: Context) -> None:
    """`sensuctl quickstart TEMPLATE [TARGET]`."""
    wanted = _wanted(context)
    if why := problem(wanted):
        raise CommandFailed(why)
    if context.flag("remove"):
        _remove(context, wanted.name)
        return
    text = _text(wanted)
    context.stdout.write(text)
    if context.flag("dry-run"):
        _say_job_line(context, wanted)
        return
    if context.text("save"):
        _save(context, text)
    found = parse_documents(context, text)
    _require_free_names(context, wanted.name, found)
    if context.stdin.isatty() and not context.flag("skip-confirm") and not agree(context, "Create this?"):
        context.print("Canceled")
        return
    put_documents(context, found)
    if wanted.urls:
        _try_handler(context, wanted.name)
    _say_job_line(context, wanted)
    for name in (document.name for document in found if document.kind == CHECK):
        _show_first_result(context, name, wanted.subscription)


def _wanted(context: Context) -> QuickStart:
    name, target = context.words[0], "".join(context.words[1:])
    template = TEMPLATES.get(name)
    if template is None:
        meant = did_you_mean(name, TEMPLATES) or f"; templates are {', '.join(TEMPLATES)}"
        raise CommandFailed(f'unknown template "{name}"{meant}')
    if template.target and not target:
        raise CommandFailed(f"sensuctl quickstart {name} needs a {template.target}: {template.summary}")
    if target and not template.target:
        raise CommandFailed(f"sensuctl quickstart {name} takes no target: it watches {template.summary}")
    return QuickStart(
        name,
        target,
        context.text("name") or default_name(name, target),
        _interval_s(context, template),
        context.text("subscription"),
        tuple(context.flag("notify") or ()),
    )


def _interval_s(context: Context, template: StartTemplate) -> int:
    given = context.text("interval")
    return math.floor(convert("seconds", given, "--interval")) if given else template.interval_s


def _text(wanted: QuickStart) -> str:
    try:
        return documents(wanted)
    except InvalidResource as err:
        raise CommandFailed(str(err)) from err


def _save(context: Context, text: str) -> None:
    file = Path(context.text("save"))
    try:
        file.write_text(text)
    except OSError as err:
        raise CommandFailed(f"{file}: {(err.strerror or str(err)).lower()}") from err
    context.say(f"saved: {file}; after a change, run: sensuctl apply -f {file}")


def _say_job_line(context: Context, wanted: QuickStart) -> None:
    if wanted.template == "cron":
        context.say("Put this line behind the job, where a host with an agent runs it:")
        context.print(f"  {job_line(wanted)}")


def _require_free_names(context: Context, name: str, found: list[Document]) -> None:
    """Refuse to replace a check or handler of somebody else; raises CommandFailed."""
    for document in found:
        there = _found(context, document.kind, document.name)
        if there is not None and not _is_ours(there, name):
            raise CommandFailed(
                f'{document.kind.word} "{document.name}" exists and was not made by quickstart: choose another --name'
            )


def _found(context: Context, kind: Kind, *names: str) -> Any:
    try:
        return context.session.get(resource_path(kind, context.namespace, *names))
    except APIError as err:
        if err.status == 404:
            return None
        raise


def _is_ours(resource: Mapping[str, Any], name: str) -> bool:
    labels = (resource.get("metadata") or {}).get("labels") or {}
    return labels.get(MADE_BY) == QUICKSTART and labels.get(NAME_LABEL) == name


def _remove(context: Context, name: str) -> None:
    """Delete the checks and the handler of a name, and the events of the checks; raises CommandFailed if none exist."""
    doomed = [
        (kind, str(one["metadata"]["name"]))
        for kind in MADE
        for one in context.session.listing(resource_path(kind, context.namespace)).items
        if _is_ours(one, name)
    ]
    if not doomed:
        raise CommandFailed(f'quickstart has made nothing with the name "{name}" in namespace {context.namespace}')
    for kind, each in doomed:
        context.session.call("DELETE", resource_path(kind, context.namespace, each))
        context.say(f"deleted: {kind.word} {each}")
        for entity in _entities(context, each) if kind == CHECK else ():
            context.session.call("DELETE", resource_path(EVENT, context.namespace, entity, each))


def _events(context: Context, check: str) -> Iterator[Mapping[str, Any]]:
    query = {"fieldSelector": f'event.check.name == "{check}"'}
    yield from context.session.listing(resource_path(EVENT, context.namespace), query).items


def _entities(context: Context, check: str) -> list[str]:
    return [str(event["entity"]["metadata"]["name"]) for event in _events(context, check)]


def _try_handler(context: Context, name: str) -> None:
    """Send a test message; what failed is shown, and nothing is undone."""
    report = context.session.call("POST", f"{resource_path(HANDLER, context.namespace, name)}/test", {"status": 2})
    context.say("A test message:")
    show_report(context, report.json(), is_dry=False)


def _show_first_result(context: Context, check: str, subscription: str) -> None:
    """Run a check now, and show its first result."""
    context.session.call("POST", f"{resource_path(CHECK, context.namespace, check)}/execute", {"check": check})
    clock = SystemClock()
    until = clock.monotonic() + FIRST_RESULT_S
    while clock.monotonic() < until:
        for event in _events(context, check):
            result = event["check"]
            status = STATUSES[result["status"]] if result["status"] < len(STATUSES) else "unknown"
            output = str(result.get("output") or "").partition("\n")[0].partition(" | ")[0]
            context.print(f"{event['entity']['metadata']['name']}/{check} is {status}: {output}")
            return
        time.sleep(POLL_S)
    context.say(
        f"No result of {check} within {FIRST_RESULT_S:.0f} s: has an agent the subscription {subscription}?"
        f" See: sensuctl check explain {check}"
    )
