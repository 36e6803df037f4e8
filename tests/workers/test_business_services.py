"""Service components count the events of all workers, and one worker evaluates each of them."""

from collections.abc import Sequence
from typing import Any

from sensu.rules.share import slot_of
from tests.workers.world import NAMESPACE, WORKERS, Client, event_of, until

BSM = "/api/enterprise/bsm/v1/namespaces/default"
NAMES = "event.check.output = events.map(function (one) { return one.entity.name; }).join(' ');"


def component(name: str, rule: str, template: str) -> dict[str, Any]:
    """A component that is evaluated every second."""
    query = [{"type": "fieldSelector", "value": "event.check.name == 'http-of-services'"}]
    rules = [{"name": rule, "template": template, "arguments": {}}]
    spec = {"services": ["shop"], "interval": 1, "query": query, "rules": rules}
    return {"type": "ServiceComponent", "api_version": "bsm/v1", "metadata": {"name": name}, "spec": spec}


def test_components_select_the_events_of_every_worker(each: Sequence[Client]) -> None:
    """Numbers and scripts get the events that any worker owns; the results are at each worker."""
    entities = [f"part{number:02}" for number in range(12)]
    assert {slot_of("default", name) % WORKERS for name in entities} == set(range(WORKERS))
    for number, name in enumerate(entities):
        event = event_of(name, "http-of-services", 2 * (number < 3))
        assert each[number % WORKERS].ask("POST", f"{NAMESPACE}/events", event)[0] == 201
    document = {"type": "RuleTemplate", "api_version": "bsm/v1", "metadata": {"name": "names"}}
    template = {**document, "spec": {"eval": NAMES, "arguments": {}, "description": ""}}
    assert each[0].ask("PUT", f"{BSM}/rule-templates/names", template)[0] == 201
    components = {f"counted{number}": ("aggregate", f"counted{number}") for number in range(WORKERS)}
    components["named"] = ("names", "named")
    for name, (used, rule) in components.items():
        assert each[0].ask("PUT", f"{BSM}/service-components/{name}", component(name, rule, used))[0] == 201
    evaluators = {slot_of("default", f"service:{name}") % WORKERS for name in components}
    assert len(evaluators) > 1
    for name, (used, _) in components.items():
        expected = "Everything looks good (75% OK)" if used == "aggregate" else " ".join(entities)
        for client in each:
            found = until(lambda name=name, client=client: _output(client, name), f"{name} has no event")
            assert (name, sorted(found.split())) == (name, sorted(expected.split()))


def _output(client: Client, rule: str) -> str:
    status, event = client.ask("GET", f"{NAMESPACE}/events/shop/{rule}")
    return event["check"]["output"] if status == 200 else ""
