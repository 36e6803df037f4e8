"""Scripts of rule templates: what they see, what they can change, and what stays of them."""

import json
from typing import Any

import pytest

from sensu.execution.javascript import Sandbox
from sensu.execution.javascript_child import OUTPUT_SHOWN_CHARACTERS
from sensu.execution.javascript_pool import JavaScriptPool
from sensu.rules.filters import ExpressionError

EVENT = {
    "entity": {"name": "shop", "labels": {}, "annotations": {}},
    "check": {"name": "web", "status": 0, "output": "", "labels": {}, "annotations": {}},
    "labels": {},
    "annotations": {},
}


def selected(name: str = "web1", status: int = 0, **check: Any) -> dict[str, Any]:
    """An event as the store has it."""
    return {
        "entity": {"metadata": {"name": name, "labels": {"zone": "a"}}, "system": {"os": "linux"}},
        "check": {"metadata": {"name": "http"}, "status": status, **check},
        "metadata": {},
    }


def judged(script: str, *events: dict[str, Any], sandbox: Sandbox | None = None, **arguments: Any) -> Any:
    """The event that a script returns."""
    texts = json.dumps(list(events)), json.dumps(EVENT), json.dumps(arguments)
    return (sandbox or Sandbox()).judge(script, *texts, now=1_700_000_000.0)


def test_metadata_can_be_reached_in_both_ways() -> None:
    """Names and labels are beside the other fields and in `metadata`, of the selected events and of the own one."""
    script = """
      var one = events[0];
      event.check.output = [one.entity.name, one.entity.metadata.name, one.check.name, one.entity.labels.zone,
                            one.check.labels.none, event.metadata.labels === event.labels].join(' ');
      event.metadata.annotations.note = 'a';
      event.check.metadata.labels.team = args.team;
    """
    made = judged(script, selected(), team="web")
    assert made["check"]["output"] == "web1 web1 http a  true"
    assert (made["annotations"], made["check"]["labels"]) == ({"note": "a"}, {"team": "web"})


def test_severities_are_counted_before_the_script_changes_events() -> None:
    """Helpers count what was selected; unknown is every status above 2; without events a percentage is 0."""
    script = """
      while (events.length) events.pop();
      event.check.output = ['ok', 'warning', 'critical', 'unknown', 'non-zero'].map(sensu.CountBySeverity).join(' ')
        + ', ' + sensu.Percentage('ok');
    """
    statuses = [selected(status=status) for status in (0, 0, 1, 2, 3, 127)]
    assert judged(script, *statuses)["check"]["output"] == "2 1 1 2 4, 33.33333333333333"
    assert judged(script)["check"]["output"] == "0 0 0 0 0, 0"


def test_nothing_of_a_script_is_left_for_the_next() -> None:
    """Variables that a script does not declare, and changes of the library, are gone afterwards."""
    sandbox = Sandbox()
    judged("left = 1; Array.prototype.sum = 2; sensu.Count = 3;", sandbox=sandbox)
    script = "event.check.output = typeof left + typeof [].sum + typeof sensu.Count"
    assert judged(script, sandbox=sandbox)["check"]["output"] == "undefinedundefinedfunction"


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("return null;", "did not return an event"),
        ("return [event];", "did not return an event"),
        ("event.check.output = new Array(600000).join('ab');", "the event has more than 1000000 characters"),
        ("var a = [1]; while (true) a = a.concat(a);", "array is longer"),
        ("var s = 'x'; while (true) s = s + s;", ""),
        ("(function f() { f(); })();", ""),
    ],
)
def test_a_script_that_fails_says_why_and_harms_nobody(script: str, reason: str) -> None:
    """After any failure the next script runs."""
    sandbox = Sandbox()
    failed = judged(script, sandbox=sandbox)
    assert isinstance(failed, ExpressionError)
    assert reason in failed.message
    assert judged("event.check.status = 2", sandbox=sandbox)["check"]["status"] == 2


async def test_events_reach_scripts_without_what_is_large() -> None:
    """History is left out, outputs are cut, and facts about hosts are there for scripts that name them."""
    pool = JavaScriptPool(1)
    event = json.dumps(selected(history=[{"status": 0}], output="x" * (OUTPUT_SHOWN_CHARACTERS + 1)))
    outputs = []
    try:
        for system in ("", " + (events[0].entity.system || {}).os"):
            script = "event.check.output = events[0].check.history + ' ' + events[0].check.output.length + ' ' + "
            script += f"Object.keys(events[0].entity).length{system}"
            made = await pool.judge(script, [event], json.dumps(EVENT), "{}", now=0.0, limit_s=10.0)
            assert not isinstance(made, ExpressionError), made.message
            outputs.append(made["check"]["output"])
    finally:
        pool.close()
    fields = 6  # metadata, name, namespace, created_by, labels, annotations
    assert outputs == [f"undefined 4096 {fields}", f"undefined 4096 {fields + 1}linux"]
