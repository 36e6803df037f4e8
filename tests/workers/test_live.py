"""The live stream is the same at every worker, and goes on at another one."""

import http.client
import json
from collections.abc import Sequence
from typing import Any

from sensu.testing.backend_process import BackendProcess
from tests.workers.world import NAMESPACE, WORKERS, Client, event_of, until, worker_at

TOPICS = "events:default,counts:default,resources:checks:default,event:default/live0/ping"


class Stream:
    """A live stream over a connection of its own."""

    def __init__(self, backend: BackendProcess, authorization: str, last: str = "") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", backend.api_port, timeout=20)
        self._connection.connect()
        port = self._connection.sock.getsockname()[1]
        self.worker = until(lambda: worker_at(backend, port), "nobody took the connection")
        headers = {"Authorization": authorization} | ({"Last-Event-ID": last} if last else {})
        self._connection.request("GET", f"/api/sensu/v1/live?topics={TOPICS}", headers=headers)
        self._answer = self._connection.getresponse()
        assert self._answer.status == 200
        self.last = ""
        self.first = self.next()

    def close(self) -> None:
        self._connection.close()

    def next(self) -> Any:
        """The next tick."""
        event = ""
        while True:
            line = self._answer.fp.readline().decode().strip()
            name, _, value = line.partition(": ")
            if name == "id":
                self.last = value
            elif name == "event":
                event = value
            elif name == "data":
                assert event == "tick", value
                return json.loads(value)

    def heard(self, entities: set[str], checks: set[str]) -> None:
        """Return when ticks told of all these entities and checks."""
        while entities or checks:
            tick = self.next()
            entities -= {row["entity"] for row in tick.get("events", {}).get("default", {}).get("changed", ())}
            checks -= set(tick.get("resources", {}).get("checks:default", ()))


def streams(backend: BackendProcess, client: Client, last: str = "") -> Sequence[Stream]:
    """A stream at each worker."""
    found: dict[int, Stream] = {}
    while len(found) < WORKERS:
        stream = Stream(backend, client.authorization, last)
        if found.setdefault(stream.worker, stream) is not stream:
            stream.close()
    return [found[pid] for pid in sorted(found)]


def make(each: Sequence[Client], prefix: str) -> tuple[set[str], set[str]]:
    """Events and checks, each written at another worker."""
    entities, checks = set[str](), set[str]()
    for number in range(6):
        entity, client = f"{prefix}{number}", each[number % WORKERS]
        assert client.ask("POST", f"{NAMESPACE}/events", event_of(entity, "ping", 1))[0] == 201
        metadata = {"name": entity, "namespace": "default"}
        body = {"metadata": metadata, "command": "true", "interval": 60, "subscriptions": ["linux"]}
        client.put(f"checks/{entity}", body)
        entities.add(entity)
        checks.add(entity)
    return entities, checks


def test_every_worker_tells_what_all_of_them_write(backend: BackendProcess, each: Sequence[Client]) -> None:
    """Events and resources that any worker writes are told by each; who comes back to any worker misses nothing."""
    following = streams(backend, each[0])
    entities, checks = make(each, "live")
    for stream in following:
        stream.heard(set(entities), set(checks))
    last = following[0].last
    for stream in following:
        stream.close()
    entities, checks = make(each, "away")
    for stream in streams(backend, each[1], last):
        told = {row["entity"] for row in stream.first["events"]["default"]["changed"]}
        assert entities <= told
        assert checks <= set(stream.first["resources"]["checks:default"])
        stream.close()


def test_a_single_event_is_followed_from_any_worker(backend: BackendProcess, each: Sequence[Client]) -> None:
    """Each result of an event that is followed by itself is told by every worker, whichever decides it."""
    following = streams(backend, each[0])
    assert each[0].ask("POST", f"{NAMESPACE}/events", event_of("live0", "ping", 1, executed=1_700_000_000))[0] == 201
    for stream in following:
        until(
            lambda stream=stream: (
                stream.next().get("event", {}).get("default/live0/ping", {}).get("executed") == 1_700_000_000
            ),
            "the result was not told",
        )
        stream.close()
