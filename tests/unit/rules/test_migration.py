"""What is copied from another backend, and in which form."""

from typing import Any

from sensu.resources.kinds import ALL_KINDS, API_KEY, ENTITY, EVENT, HANDLER, NAMESPACE, SECRET, SILENCED
from sensu.rules import migration
from sensu.rules.migration import as_copied, copy_plan, results_of

NOW = 1_700_000_000.0


def event(**check: Any) -> dict[str, Any]:
    whole = {"metadata": {"name": "http"}, "status": 2, "executed": 300, "handlers": ["pager"], **check}
    return {"entity": {"metadata": {"name": "web"}}, "check": whole, "metrics": {"handlers": ["db"]}}


def test_namespaces_come_first_and_events_last() -> None:
    """Every kind is copied after those it needs, or is named with a reason."""
    plan = copy_plan(ALL_KINDS)
    assert plan.kinds[0] is NAMESPACE
    assert plan.kinds[-3:] == [SILENCED, ENTITY, EVENT]
    assert {*plan.kinds, *plan.not_copied} == set(ALL_KINDS)
    assert "api-key grant" in plan.not_copied[API_KEY]


def test_a_copied_event_reaches_no_handler() -> None:
    """Handlers, pipelines and metrics are taken out; nothing else is."""
    copied = as_copied(EVENT, event(pipelines=[{"name": "p"}], fallback_pipeline={"name": "f"}, ttl=90), NOW)
    assert copied is not None
    nothing: list[str] = []
    assert copied["check"] == {
        "metadata": {"name": "http"},
        "status": 2,
        "executed": 300,
        "ttl": 90,
        "handlers": nothing,
        "pipelines": nothing,
        "output_metric_handlers": nothing,
    }
    assert "metrics" not in copied


def test_events_that_mean_nothing_elsewhere_are_not_copied() -> None:
    """A keepalive would be missing at once, and metrics alone are no state."""
    assert as_copied(EVENT, event(metadata={"name": "keepalive"}), NOW) is None
    assert as_copied(EVENT, {"entity": {}, "metrics": {}}, NOW) is None


def test_a_failing_check_has_its_occurrences_again() -> None:
    """The results of its history are sent one by one, the last one whole."""
    history = [{"executed": 100, "status": 0}, {"executed": 200, "status": 2}, {"executed": 300, "status": 2}]
    failing = event(history=history, output="refused")
    sent = [(one["check"]["executed"], one["check"]["status"]) for one in results_of(failing)]
    assert sent == [(100, 0), (200, 2), (300, 2)]
    assert results_of(failing)[-1] == failing
    assert len(results_of(event(history=history, status=0))) == 1


def test_a_silence_keeps_its_end() -> None:
    """What is left of a silence is copied; one that ended is not."""
    silence = {"check": "disk", "begin": int(NOW) - 60, "expire": 40, "expire_at": int(NOW) + 40}
    assert as_copied(SILENCED, silence, NOW) == {**silence, "expire": 100}
    assert as_copied(SILENCED, {**silence, "expire_at": int(NOW)}, NOW) is None
    assert as_copied(SILENCED, {"check": "disk", "expire": -1}, NOW) == {"check": "disk", "expire": -1}


def test_what_agents_report_makes_no_entity_different() -> None:
    """An entity whose agent reports here already is the same as before."""
    entity = {"metadata": {"name": "web", "namespace": "default"}, "entity_class": "agent"}
    seen = {**entity, "last_seen": 5, "system": {"hostname": "h"}}
    assert migration.content_of(ENTITY, entity, NOW) == migration.content_of(ENTITY, seen, NOW)
    labelled = {**entity, "metadata": {**entity["metadata"], "labels": {"a": "b"}}}  # type: ignore[dict-item]
    assert migration.content_of(ENTITY, entity, NOW) != migration.content_of(ENTITY, labelled, NOW)


def test_programs_and_variables_are_named() -> None:
    """A handler without an asset needs its program on the host, a secret of the environment its variable."""
    assert migration.needed_at_the_host(HANDLER, {"command": "A=b pager -x"}) == "the program pager"
    assert migration.needed_at_the_host(HANDLER, {"command": "pager", "runtime_assets": ["pager"]}) is None
    assert migration.needed_at_the_host(SECRET, {"provider": "env", "id": "T"}) == "the environment variable T"
    assert migration.owners_of_keys([{"username": "b"}, {"username": "a"}, {"username": "b"}]) == "a, b (2)"


def test_values_that_the_api_hides_are_left_out_and_named() -> None:
    """A hidden value is never copied as if it were the value."""
    metadata = {"name": "web", "namespace": "d", "labels": {"a": "b", "password": "REDACTED"}, "annotations": None}
    entity = {"metadata": metadata, "entity_class": "agent"}
    copied = as_copied(ENTITY, entity, NOW)
    assert copied is not None
    assert copied["metadata"]["labels"] == {"a": "b"}
    assert migration.hidden_values(ENTITY, entity) == ["password"]
    assert migration.content_of(ENTITY, entity, NOW) == migration.content_of(ENTITY, copied, NOW)
