"""Deliveries of all workers: in order for each entity and check, acted on from anywhere."""

import json
from collections.abc import Sequence
from pathlib import Path

from tests.workers.world import NAMESPACE, WORKERS, Client, event_of, until

EVENTS = 60
ENTITIES = 6


def handler(name: str, command: str, **more: object) -> dict[str, object]:
    return {"metadata": {"name": name, "namespace": "default"}, "type": "pipe", "command": command, **more}


def test_handlers_get_the_events_of_a_check_in_order(each: Sequence[Client], tmp_path: Path) -> None:
    """Events of a check that come in at different workers reach its handler in the order of their answers."""
    each[0].put("handlers/order", handler("order", f"cat >> {tmp_path}/order", mutator="only_check_output"))
    for number in range(EVENTS):
        event = event_of(f"ordered{number % ENTITIES}", "ping", 1, handlers=["order"], output=f"{number}\n")
        assert each[(number // ENTITIES) % WORKERS].ask("POST", f"{NAMESPACE}/events", event)[0] == 201

    def lines() -> list[int]:
        return [int(line) for line in (tmp_path / "order").read_text().split()] if (tmp_path / "order").exists() else []

    until(lambda: len(lines()) >= EVENTS, "not every event was handled")
    for entity in range(ENTITIES):
        mine = [number for number in lines() if number % ENTITIES == entity]
        assert mine == list(range(entity, EVENTS, ENTITIES))


def test_a_delivery_is_tried_again_and_forgotten_from_anywhere(each: Sequence[Client], tmp_path: Path) -> None:
    """A dead letter is seen at every worker, and whichever is asked has it tried again or forgotten."""
    each[0].put("handlers/fails", handler("fails", f"test -e {tmp_path}/works", retry_attempts=0))
    own = "/api/sensu/v1/namespaces/default/deliveries"
    names = [f"failed{number}" for number in range(ENTITIES)]
    for name in names:
        event = event_of(name, "ping", 1, handlers=["fails"])
        assert each[0].ask("POST", f"{NAMESPACE}/events", event)[0] == 201

    def dead(client: Client) -> dict[str, int]:
        found = client.ask("GET", f"{own}?state=dead")[1]
        return {one["entity"]: one["id"] for one in found if one["entity"] in names}

    ids = until(lambda: len(found := dead(each[0])) == ENTITIES and found, "not all are dead letters")
    assert dead(each[1]) == dead(each[2]) == ids
    (tmp_path / "works").touch()
    for number, name in enumerate(names):
        client = each[number % WORKERS]
        if number < ENTITIES // 2:
            assert client.ask("POST", f"{own}/{ids[name]}/retry", {})[0] == 202
        else:
            assert client.ask("DELETE", f"{own}/{ids[name]}")[0] == 204
    until(lambda: not dead(each[0]), "some are left")
    assert each[1].ask("GET", f"{own}/{ids[names[0]]}")[0] == 404


def test_one_request_discards_the_deliveries_of_all_workers(each: Sequence[Client]) -> None:
    """A bulk request acts at the worker of each delivery, and its entries in the audit log share a batch."""
    each[0].put("handlers/breaks", handler("breaks", "exit 1", retry_attempts=0))
    names = [f"broken{number}" for number in range(ENTITIES)]
    for name in names:
        assert each[0].ask("POST", f"{NAMESPACE}/events", event_of(name, "ping", 1, handlers=["breaks"]))[0] == 201
    own = "/api/sensu/v1/namespaces/default/deliveries"

    def dead() -> int:
        return sum(one["entity"] in names for one in each[1].ask("GET", f"{own}?state=dead")[1])

    until(lambda: dead() == ENTITIES, "not all are dead letters")
    wish = {"action": "discard", "where": {"word": "broken"}, "expect": ENTITIES}
    status, lines = each[1].ask("POST", f"{own}/bulk", wish)
    assert (status, lines.count('"outcome":"done"')) == (200, ENTITIES), lines
    assert dead() == 0
    batch = json.loads(lines.splitlines()[-1])["summary"]["batch"]
    entries = each[2].ask("GET", f"/api/sensu/v1/audit?fieldSelector=audit.batch%20%3D%3D%20%22{batch}%22")[1]
    assert [entry["action"] for entry in entries] == ["discard"] * ENTITIES


def test_silence_is_told_once_wherever_it_was_broken_last(each: Sequence[Client]) -> None:
    """Checks with a time to live that came in at different workers become alarms, one each."""
    names = [f"silent{number}" for number in range(ENTITIES)]
    for number, name in enumerate(names):
        event = event_of(name, "beat", ttl=5)
        event["check"]["interval"] = 1
        assert each[number % WORKERS].ask("POST", f"{NAMESPACE}/events", event)[0] == 201

    def alarms() -> list[tuple[int, int, int]]:
        events = [each[0].ask("GET", f"{NAMESPACE}/events/{name}/beat")[1]["check"] for name in names]
        return [(one["status"], one["occurrences"], len(one["history"])) for one in events]

    until(lambda: all(status for status, _, _ in alarms()), "not all are alarmed")
    assert alarms() == [(1, 1, 2)] * ENTITIES
