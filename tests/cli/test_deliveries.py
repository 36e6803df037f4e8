"""Deliveries and explanations with sensuctl, against a real backend."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Sensuctl

PATIENCE_S = 20.0


@pytest.fixture(scope="module")
def incident(sensuctl: Sensuctl, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An event whose handler gave up, and that another handler's filter kept back; the handler works with the file."""
    flag = tmp_path_factory.mktemp("handlers") / "up"
    resources = [
        resource("EventFilter", "severe", action="allow", expressions=["event.check.status > 2", "true"]),
        resource("Handler", "page", type="pipe", command=f"test -e {flag}", retry_attempts=0),
        resource("Handler", "mail", type="pipe", command="true", filters=["severe"]),
    ]
    text = "".join(json.dumps(each) for each in resources)
    assert sensuctl("create", stdin=text).status == 0
    check = {"metadata": {"name": "http"}, "status": 2, "interval": 60, "handlers": ["page", "mail"], "output": "down"}
    spec = {"entity": {"metadata": {"name": "web1"}, "entity_class": "proxy"}, "check": check, "timestamp": 1}
    event = {"type": "Event", "api_version": "core/v2", "metadata": {"namespace": "default"}, "spec": spec}
    (flag.parent / "event.json").write_text(json.dumps(event))
    assert sensuctl("create", stdin=json.dumps(event)).status == 0
    return flag


def resource(kind: str, name: str, **spec: Any) -> dict[str, Any]:
    return {"type": kind, "api_version": "core/v2", "metadata": {"name": name, "namespace": "default"}, "spec": spec}


def listed(sensuctl: Sensuctl, state: str, count: int) -> list[dict[str, Any]]:
    """The deliveries in a state, once there are so many."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found: list[dict[str, Any]] = json.loads(sensuctl("delivery", "list", "--state", state, "--format", "json").out)
        if len(found) == count:
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def test_an_event_is_explained(sensuctl: Sensuctl, incident: Path) -> None:
    """Each workflow tells how it ended, each filter its expressions with their values."""
    listed(sensuctl, "dead", 1)
    ended = sensuctl("event", "explain", "web1", "http")
    assert ended.status == 0, ended
    lines = ended.out.splitlines()
    assert lines[:2] == ["=== web1 - http", "What happened: 1 filtered, 1 given up"]
    assert any(line.endswith("workflow-page: given up: exit status 1") for line in lines)
    assert "  filter severe (allow): does not pass: an expression is false" in lines
    assert "    false  event.check.status > 2" in lines
    assert "    true   true" in lines
    assert "  handler page: failed: exit status 1" in lines
    told = json.loads(sensuctl("event", "explain", "web1", "http", "--format", "json").out)
    assert told["recorded"] is True
    assert sensuctl("event", "explain", "web1", "nothing").status == 1


def test_a_filter_is_tested(sensuctl: Sensuctl, incident: Path, tmp_path: Path) -> None:
    """A stored or new filter is tried on a stored event or on one in a file."""
    on_stored = sensuctl("filter", "test", "severe", "--entity", "web1", "--check", "http")
    assert on_stored.out.splitlines()[0] == "filter severe (allow): does not pass: an expression is false"
    candidate = tmp_path / "filter.json"
    candidate.write_text(
        json.dumps(resource("EventFilter", "mild", action="allow", expressions=["event.check.status"]))
    )
    event = str(incident.parent / "event.json")
    on_file = sensuctl("filter", "test", "--file", str(candidate), "--event", event)
    assert on_file.out.splitlines() == ["filter mild (allow): passes", "  true   event.check.status"], on_file
    assert (
        sensuctl("filter", "test", "severe").err
        == "Error: specify an event with --event FILE, or with --entity and --check\n"
    )
    assert "not found" in sensuctl("filter", "test", "nothing", "--event", event).err


def test_a_filter_that_throws_cannot_be_judged(sensuctl: Sensuctl, incident: Path, tmp_path: Path) -> None:
    """An expression that throws ends the test of a filter with status 1 and its error, also in other formats."""
    candidate = tmp_path / "filter.json"
    throws = resource("EventFilter", "broken", action="allow", expressions=["true", "event.nosuch.x == 1"])
    candidate.write_text(json.dumps(throws))
    words = ("filter", "test", "--file", str(candidate), "--event", str(incident.parent / "event.json"))
    tested = sensuctl(*words)
    assert tested.status == 1
    assert tested.out.startswith("filter broken (allow): cannot be evaluated, passes: an expression failed")
    assert tested.err.startswith("Error: expression 1 cannot be evaluated: TypeError: ")
    assert sensuctl(*words, "--format", "json").status == 1


def test_a_filter_with_a_missing_function_is_not_created(sensuctl: Sensuctl, incident: Path) -> None:
    """A filter that calls a function that does not exist is refused with the place and what was probably meant."""
    spec = {"action": "allow", "expressions": ["true", "event.check && hours(event.timestamp) > 8"]}
    refused = sensuctl("create", stdin=json.dumps(resource("EventFilter", "late", **spec)))
    assert refused.status == 1
    assert "error in expression 1: (anonymous): Line 1:16 the function hours does not exist; did you mean hour?" in (
        refused.err
    )
    spec["runtime_assets"] = ["hours"]
    assert sensuctl("create", stdin=json.dumps(resource("EventFilter", "late", **spec))).status == 0


def test_dead_letters_are_tried_again_and_discarded(sensuctl: Sensuctl, incident: Path) -> None:
    """A dead letter shows why; tried again it is delivered once its handler works; a discarded one is gone."""
    (dead,) = listed(sensuctl, "dead", 1)
    table = sensuctl("delivery", "list", "--state", "dead").out
    assert "exit status 1" in table
    assert "web1" in table
    number = str(dead["id"])
    assert "exit status 1" in sensuctl("delivery", "info", number).out
    incident.touch()
    assert sensuctl("delivery", "retry", number) == (0, "Retried\n", "")
    assert listed(sensuctl, "dead", 0) == []
    assert listed(sensuctl, "owed", 0) == []
    incident.unlink()
    again = sensuctl("create", "-f", str(incident.parent / "event.json"))
    assert again.status == 0, again
    spec = json.loads((incident.parent / "event.json").read_text())
    spec["spec"]["timestamp"] = int(time.time())
    assert sensuctl("create", stdin=json.dumps(spec)).status == 0
    found = listed(sensuctl, "dead", 2)
    ids = [str(each["id"]) for each in found]
    assert sensuctl("delivery", "discard", *ids, "--skip-confirm").out == "Discarded\n" * 2
    assert listed(sensuctl, "dead", 0) == []
    assert sensuctl("delivery", "retry", number).status == 1


def test_a_check_is_explained(sensuctl: Sensuctl) -> None:
    """When it runs next, and on which agents."""
    assert sensuctl("check", "create", "plain", "-c", "x", "-i", "60", "-s", "linux").status == 0
    lines = sensuctl("check", "explain", "plain").out.splitlines()
    assert lines[:2] == ["=== default/plain", "Schedule: every 60 s"]
    assert sum(line.startswith("Next run: ") for line in lines) == 5
    assert "Subscriptions: linux; 0 connected agents" in lines
    assert json.loads(sensuctl("check", "explain", "plain", "--format", "json").out)["check"] == "plain"
    assert sensuctl("check", "set-publish", "plain", "false").status == 0
    assert "Not scheduled: " in sensuctl("check", "explain", "plain").out
    assert sensuctl("check", "explain", "nosuch") == (1, "", "Error: not found\n")


def test_the_audit_log_tells_who_did_what(sensuctl: Sensuctl) -> None:
    """The newest first, with the fields that changed, as many as are asked for."""
    assert sensuctl("hook", "create", "looked-at", "-c", "x").status == 0
    rows = sensuctl("audit", "list", "--last", "1").out.splitlines()[2:]
    assert [row.split()[-4:] for row in rows] == [["token", "create", "HookConfig", "default/looked-at"]]
    changes = ("audit", "list", "--field-selector", "audit.action == update", "--format", "json")
    assert {each["action"] for each in json.loads(sensuctl(*changes).out)} <= {"update"}
    assert len(json.loads(sensuctl("audit", "list", "--last", "2", "--format", "json").out)) == 2
    assert sensuctl("audit", "list", "--last", "-1").status == 1
