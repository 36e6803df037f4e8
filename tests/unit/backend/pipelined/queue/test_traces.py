"""Traces of the last event of each entity and check."""

from sensu.backend.pipelined.queue.delivery import PendingDelivery
from sensu.backend.pipelined.queue.traces import Traces
from sensu.rules.explain import DELIVERED, FAILED, EventFacts, WorkflowTrace
from sensu.rules.workflow import Workflow, core_handler
from sensu.store.values import EventKey


def pending(number: int, check: str = "http", *names: str) -> PendingDelivery:
    workflows = [Workflow("p", name, (), "", core_handler("h")) for name in names or ("w",)]
    return PendingDelivery(
        number, EventKey("default", "web1", check), b"", workflows, 0, 0.0, {}, EventFacts(id=str(number))
    )


def trace(name: str, outcome: str = DELIVERED) -> WorkflowTrace:
    return WorkflowTrace(workflow=f"p/{name}", handler="h", outcome=outcome)


def test_the_newest_delivery_counts() -> None:
    """Attempts at an older delivery do not overwrite what is known of a newer one; later attempts at the same do."""
    traces = Traces()
    traces.note(pending(1, "http", "a", "b"), trace("a", FAILED))
    found = traces.of(EventKey("default", "web1", "http"))
    assert found is not None
    assert [(each.workflow, each.outcome) for each in found.workflows] == [("p/a", "failed"), ("p/b", "waiting")]
    assert found.verdict == "1 failed, 1 waiting"
    traces.note(pending(2, "http", "a"), trace("a"))
    traces.note(pending(1, "http", "a", "b"), trace("b"))
    traces.note(pending(2, "http", "a"), trace("a", FAILED))
    found = traces.of(EventKey("default", "web1", "http"))
    assert found is not None
    assert (found.event.id, [each.outcome for each in found.workflows]) == ("2", [FAILED])


def test_the_least_recently_written_is_forgotten() -> None:
    """Beyond the bound the trace that was written to the longest time ago goes."""
    traces = Traces(traces_max=3)
    for number, check in enumerate(["a", "b", "c"]):
        traces.note(pending(number, check), trace("w"))
    traces.note(pending(0, "a"), trace("w"))
    traces.note(pending(9, "d"), trace("w"))
    kept = {check for check in "abcd" if traces.of(EventKey("default", "web1", check)) is not None}
    assert kept == {"a", "c", "d"}


def test_nothing_is_known_of_what_never_came() -> None:
    """There is no trace without a delivery."""
    assert Traces().of(EventKey("default", "web1", "http")) is None
