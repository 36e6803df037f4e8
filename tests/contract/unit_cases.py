"""The recordings of pure rules (`filters`, `tokens`, `metrics`, `times`) against our functions.

Run as a program of its own (`python -m tests.contract.unit_cases FILE`), so that a rule that hangs or dies takes only
its file with it. It prints one JSON line a case: its name and the differences.
"""

import asyncio
import importlib
import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from tests.contract import compare
from tests.contract.compare import Difference, Json

# What the recordings have for a schedule that is never due again.
NEVER = "0001-01-01T00:00:00Z"
EVALUATED_AT = 1_795_329_000.0
CaseCheck = Callable[[], list[Difference]]


def cases(name: str, recording: Json) -> Iterator[tuple[str, CaseCheck]]:
    """The cases of a file: what each is called and how it is checked."""
    yield from CASES_OF[name](recording)


def outcome(check: CaseCheck) -> list[Difference]:
    """What differs in a case; a rule that is missing or raises something of its own is one difference."""
    try:
        return check()
    except Exception as error:
        return [Difference("", None, None, f"{type(error).__name__}: {error}")]


def _rule(module: str, name: str) -> Any:
    """A function or class of ours; looked up in the case, so that a missing one fails only what needs it."""
    return getattr(importlib.import_module(f"sensu.{module}"), name)


def _refusal(call: Callable[[], object]) -> tuple[Json, str | None]:
    """The value of a call, or the text with which our rule refuses the input."""
    refused = _rule("errors", "InvalidResource")
    try:
        return call(), None
    except refused as error:
        return None, str(error)


def _filter_cases(recording: Json) -> Iterator[tuple[str, CaseCheck]]:
    events = recording["events"]
    for case in recording["cases"]:
        yield case["id"], partial(_filter_differences, case, events[case["event"]])
    for case in recording["builtin"]:
        yield case["id"], partial(_builtin_differences, case, events[case["event"]])
    for case in recording["entity_attributes"]:
        yield case["id"], partial(_attribute_differences, case, recording["entities"])


def _filter_differences(case: Json, event: Json) -> list[Difference]:
    """The value of each expression, whether the filter is valid, and whether it keeps the event from the handler."""
    failed = _rule("rules.filters", "ExpressionError")
    scope = json.dumps(_rule("rules.expression_scope", "event_scope")(_stored_event(event)))
    evaluate = _rule("execution.javascript", "Sandbox")().evaluate
    values = [evaluate(expression, scope, now=EVALUATED_AT) for expression in case["expressions"]]
    shown = [{"error": value.message} if isinstance(value, failed) else value for value in values]
    problems = []
    for index, (want, got) in enumerate(zip(case["values"] or [], shown, strict=True)):
        # Of errors only that there is one is compared.
        if want is not got and not (isinstance(want, dict) and isinstance(got, dict)):
            text = f"want {compare.show(want)}, got {compare.show(got)}"
            problems.append(Difference(f"values.{index}", want, got, text))
    denied = not _rule("rules.filters", "decide")(case["action"], values).passes
    problems += compare.differences(case["denied"], denied, (), "denied")
    return problems + compare.differences(case.get("invalid"), _filter_problem(case), (), "invalid")


def _stored_event(event: Json) -> Json:
    """The event with every field that our store would give it."""
    wire = importlib.import_module("sensu.resources.wire")
    return json.loads(wire.encode(wire.decode_client(_rule("resources.event", "Event"), json.dumps(event))))


def _filter_problem(case: Json) -> str | None:
    """Why the API refuses the filter, or None."""
    spec = {"action": case["action"], "expressions": case["expressions"]}
    wire, resource = importlib.import_module("sensu.resources.wire"), _rule("resources.event_filter", "EventFilter")
    document = {"metadata": {"name": "f", "namespace": "default"}, **spec}
    problem = _rule("rules.kinds.event_filter", "RULES").problem(wire.decode_client(resource, json.dumps(document)))
    if problem is not None:
        return str(problem)
    for number, expression in enumerate(case["expressions"]):
        syntax = _rule("execution.javascript", "check_syntax")(expression)
        if syntax is not None:
            return f"syntax error in expression {number}: {syntax}"
    return None


def _builtin_differences(case: Json, event: Json) -> list[Difference]:
    passes = _rule("rules.filters", "BUILT_IN")[case["filter"]](_stored_event(event))
    return compare.differences(case["denied"], not passes, (), "denied")


def _attribute_differences(case: Json, entities: list[Json]) -> list[Difference]:
    """Which of the entities the expressions of proxy requests choose."""
    wire, resource = importlib.import_module("sensu.resources.wire"), _rule("resources.entity", "EntityConfig")
    candidates = [wire.decode_client(resource, json.dumps(entity)) for entity in entities]
    matching = _rule("backend.schedulerd.entity_matching", "EntityMatching")(_rule("clock", "SystemClock")())
    try:
        chosen = asyncio.run(matching.matching(case["expressions"], candidates))
    finally:
        matching.close()
    return compare.differences(case["values"], [one in chosen for one in candidates], (), "values")


def _token_cases(recording: Json) -> Iterator[tuple[str, CaseCheck]]:
    for case in recording["cases"]:
        yield case["id"], partial(_token_differences, case, recording["entities"][case["entity"]])


TOKEN_KINDS = {
    "check": ("resources.check", "CheckConfig"),
    "hook": ("resources.hook", "HookConfig"),
    "asset": ("resources.asset", "Asset"),
}


def _token_differences(case: Json, entity: Json) -> list[Difference]:
    value = case["input"]
    if case["kind"] in TOKEN_KINDS:
        wire = importlib.import_module("sensu.resources.wire")
        value = json.loads(wire.encode(wire.decode_client(_rule(*TOKEN_KINDS[case["kind"]]), json.dumps(value))))
    context = _rule("rules.tokens", "entity_context")(entity)
    result, error = _refusal(lambda: _rule("rules.tokens", "substitute")(value, context))
    if "error" in case:
        return compare.differences(case["error"], error, (), "error")
    return compare.differences(None, error, (), "error") or compare.differences(case["result"], result, (), "result")


def _metric_cases(recording: Json) -> Iterator[tuple[str, CaseCheck]]:
    for case in recording["cases"]:
        yield case["id"], partial(_metric_differences, case)


def _metric_differences(case: Json) -> list[Difference]:
    executed = case["executed"]
    tags = case["output_metric_tags"] or ()
    extract = _rule("rules.metrics.extract", "extract")
    points = extract(case["format"], case["output"], executed=executed, now=EVALUATED_AT, tags=tags).points
    found = [_recorded_point(point) for point in points]
    if case["format"] == "prometheus_text":
        found = sorted(found, key=lambda point: (point["name"], compare.canonical(point["tags"])))
    wanted = [_without_now(point) for point in case["points"] or []]
    problems = compare.differences(wanted, found, (), "points")
    if "output_metric_thresholds" in case:
        problems += _threshold_differences(case, points)
    return problems


def _recorded_point(point: Mapping[str, Any]) -> Json:
    """The point as it is recorded: whole values without a fraction, no numbers as texts, tags sorted."""
    value = point["value"]
    if math.isnan(value):
        value = "NaN"
    elif math.isinf(value):
        value = "+Inf" if value > 0 else "-Inf"
    elif value == int(value):
        value = int(value)
    tags = sorted(point["tags"] or [], key=lambda tag: str(tag["name"]))
    return {**point, "value": value, "tags": tags}


def _without_now(point: Json) -> Json:
    """The recorded point with the time of the call where it has that."""
    return {**point, "timestamp": int(EVALUATED_AT)} if point["timestamp"] == "${NOW}" else point


def _threshold_differences(case: Json, points: list[Json]) -> list[Difference]:
    evaluate = _rule("rules.metrics.thresholds", "evaluate")
    status, annotations = 0, {}
    if points:
        verdict = evaluate(points, case["output_metric_thresholds"])
        status, annotations = verdict.status, verdict.annotations
    problems = compare.differences(case["status"], status, (), "status")
    return problems + compare.differences(case["annotations"] or {}, annotations, (), "annotations")


def _time_cases(recording: Json) -> Iterator[tuple[str, CaseCheck]]:
    for case in recording["subdues"]:
        yield case["id"], partial(_window_differences, case, "window", "validate_subdue", "subdued")
    for case in recording["when"]:
        yield case["id"], partial(_window_differences, case, "when", "validate_when", "within_when")
    for case in recording["cron"]:
        yield case["id"], partial(_cron_differences, case)


def _window_differences(case: Json, part: str, validate: str, decide: str) -> list[Difference]:
    """A window that is refused, cannot be read, or decides whether a time lies in it."""
    at = datetime.fromisoformat(case["at"]).timestamp()
    window = case[part]
    if "invalid" in case:
        _, refused = _refusal(lambda: _rule("rules.time_windows", validate)(window))
        problems = compare.differences(case["invalid"], refused, (), "invalid")
        if "in_window" not in case:
            return problems
    else:
        problems = []
    inside, error = _refusal(lambda: _rule("rules.time_windows", decide)(window, at))
    if "error" in case:
        return problems + compare.differences(case["error"], error, (), "error")
    problems += compare.differences(None, error, (), "error")
    return problems + compare.differences(case["in_window"], inside, (), "in_window")


def _cron_differences(case: Json) -> list[Difference]:
    schedule, error = _refusal(lambda: _rule("rules.cron", "parse")(case["cron"]))
    if "error" in case:
        return compare.differences(case["error"], error, (), "error")
    if error is not None:
        return [Difference("error", None, error, f"refused: {error}")]
    instant, times = datetime.fromisoformat(case["from"]).timestamp(), []
    for _ in case["next"] or [None]:
        instant = schedule.next_after(instant)
        if instant is None:
            break
        times.append(instant)
    due = [time for time in case["next"] or [] if time != NEVER]
    wanted = [datetime.fromisoformat(time).timestamp() for time in due]
    return compare.differences(wanted, [float(time) for time in times], (), "next")


CASES_OF: Mapping[str, Callable[[Json], Iterator[tuple[str, CaseCheck]]]] = {
    "filters": _filter_cases,
    "tokens": _token_cases,
    "metrics": _metric_cases,
    "times": _time_cases,
}


def main() -> None:
    """Prints the differences of every case of the file named on the command line."""
    path = Path(sys.argv[1])
    recording = json.loads(path.read_text(encoding="utf-8"))
    for name, check in cases(path.stem, recording):
        found = [asdict(difference) for difference in outcome(check)]
        print(json.dumps({"case": name, "differences": found}, default=str), flush=True)


if __name__ == "__main__":
    main()
