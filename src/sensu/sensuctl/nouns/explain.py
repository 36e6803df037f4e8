"""`sensuctl event explain` and `sensuctl filter test`: why events are or are not handled."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sensu.resources.kinds import EVENT, EVENT_FILTER, Kind
from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import BadArguments, CommandFailed
from sensu.sensuctl.output import show_title, show_value
from sensu.sensuctl.paths import quoted, resource_path
from sensu.sensuctl.resource_commands import get_resource, go_time
from sensu.terminal_text import clean


def explain_event(context: Context) -> None:
    """`sensuctl event explain ENTITY CHECK`."""
    path = f"{resource_path(EVENT, context.namespace, *context.words)}/explain"
    explanation = context.session.get(path)
    if show_value(context, explanation):
        return
    _show(context, explanation)
    earlier = explanation.get("earlier")
    if earlier:
        context.print()
        context.print(f"What happened to the previous event, {go_time((earlier.get('event') or {}).get('timestamp'))}:")
        _show(context, earlier)


def test_filter(context: Context) -> None:
    """`sensuctl filter test NAME --event FILE`, or `--entity E --check C` for a stored event."""
    asked: dict[str, Any] = {"filter": _filter(context)}
    if context.flag("event"):
        asked["event"] = _from_file(context, EVENT, context.text("event"))
    elif context.flag("entity") and context.flag("check"):
        asked |= {"entity": context.text("entity"), "check": context.text("check")}
    else:
        raise CommandFailed("specify an event with --event FILE, or with --entity and --check")
    path = f"/api/core/v2/namespaces/{quoted(context.namespace)}/explain"
    verdict = context.session.call("POST", path, asked).json().get("filter") or {}
    if not show_value(context, verdict):
        for line in _filter_lines(verdict, ""):
            context.print(line)
    for number, each in enumerate(verdict.get("expressions") or ()):
        if each.get("error"):
            raise CommandFailed(clean(f"expression {number} cannot be evaluated: {each['error']}"))


def _filter(context: Context) -> Any:
    if context.flag("file"):
        found = _from_file(context, EVENT_FILTER, context.text("file"))
        if context.words:
            found["metadata"] = {**(found.get("metadata") or {}), "name": context.words[0]}
        return found
    if not context.words:
        raise BadArguments
    return get_resource(context, EVENT_FILTER)


def _from_file(context: Context, kind: Kind, source: str) -> dict[str, Any]:
    """The resource in a file, in the format of `create` or as plain JSON."""
    from sensu.sensuctl.sources import read_file, read_stdin  # noqa: PLC0415 - only for files
    from sensu.sensuctl.wrapped import parse_documents  # noqa: PLC0415

    text = read_stdin(context, "-") if source == "-" else read_file(Path(source), source)
    try:
        bare = json.loads(text)
    except ValueError:
        bare = None
    if isinstance(bare, dict) and "spec" not in bare:
        return bare
    found = [document.body for document in parse_documents(context, text, source) if document.kind.type == kind.type]
    if len(found) != 1:
        raise CommandFailed(f"in {source}: expected one resource of type {kind.type}, found {len(found)}")
    return found[0]


def _show(context: Context, explanation: Mapping[str, Any]) -> None:
    event = explanation.get("event") or {}
    show_title(context, f"{explanation.get('entity')} - {explanation.get('check')}")
    word = "What happened" if explanation.get("recorded") else "What would happen now"
    context.print(clean(f"{word}: {explanation.get('verdict')}"))
    if event.get("silenced"):
        context.print(clean(f"Silenced by: {', '.join(event['silenced'])}"))
    for problem in explanation.get("problems") or ():
        context.print(clean(f"Problem: {problem}"))
    for way in explanation.get("workflows") or ():
        for line in _workflow_lines(way):
            context.print(line)


def _workflow_lines(way: Mapping[str, Any]) -> Iterator[str]:
    why = f": {way['why']}" if way.get("why") else ""
    yield clean(f"{way.get('workflow')}: {way.get('outcome')}{why}")
    if way.get("at"):
        when = f"  attempt {way.get('attempts', 1)}, {go_time(int(way['at']))}, {way.get('seconds', 0):.3f} s"
        again = f", again {go_time(int(way['due_at']))}" if way.get("due_at") else ""
        yield when + again
    for each in way.get("filters") or ():
        yield from _filter_lines(each, "  ")
    for word, stage in (("mutator", way.get("mutator")), ("handler", way.get("handling"))):
        if stage:
            result = "succeeded" if stage.get("well") else f"failed: {stage.get('why', '')}"
            yield clean(f"  {word} {stage.get('name')}: {result}")


def _filter_lines(trace: Mapping[str, Any], indent: str) -> Iterator[str]:
    reason = f": {trace['reason']}" if trace.get("reason") else ""
    window = f", {trace['window']} of its time window" if trace.get("window") else ""
    kind = f" ({trace['action']}{window})" if trace.get("action") else ""
    failed = any(each.get("error") for each in trace.get("expressions") or ())
    verdict = "does not pass" if not trace.get("passes") else "cannot be evaluated, passes" if failed else "passes"
    yield clean(f"{indent}filter {trace.get('name')}{kind}: {verdict}{reason}")
    for each in trace.get("expressions") or ():
        value = each.get("value")
        shown = "error" if value is None else str(value).lower()
        error = f"  ({each['error']})" if each.get("error") else ""
        yield clean(f"{indent}  {shown:5}  {each.get('expression')}{error}")
