"""Lists that are followed at one worker show what others write, and go on at another worker."""

import http.client
import json
from collections.abc import Iterator, Sequence

from sensu.testing.backend_process import BackendProcess
from tests.workers.world import NAMESPACE, WORKERS, Client, event_of, until, worker_at

Told = tuple[int, str, dict[str, object]]


class Stream:
    """A list that is followed over a connection of its own."""

    def __init__(self, backend: BackendProcess, authorization: str, path: str, last: int | None = None) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", backend.api_port, timeout=20)
        self._connection.connect()
        port = self._connection.sock.getsockname()[1]
        self.worker = until(lambda: worker_at(backend, port), "nobody took the connection")
        headers = {"Authorization": authorization} | ({} if last is None else {"Last-Event-ID": str(last)})
        self._connection.request("GET", f"{path}?watch=true", headers=headers)
        self._answer = self._connection.getresponse()
        assert self._answer.status == 200
        self.last = 0
        self._blocks = self._read()
        next(self._blocks)

    def close(self) -> None:
        self._connection.close()

    def _read(self) -> Iterator[tuple[str, dict[str, object]]]:
        """Blocks with data; the first, which tells the id only, as an empty one."""
        event, begun = "", False
        while True:
            line = self._answer.fp.readline().decode().strip()
            if line.startswith("id: "):
                self.last = int(line.removeprefix("id: "))
            elif line.startswith("event: "):
                event = line.removeprefix("event: ")
            elif line.startswith("data: "):
                yield event, json.loads(line.removeprefix("data: "))
            elif line.startswith(":") and not begun:
                begun = True
                yield "", {}

    def next(self) -> tuple[str, dict[str, object]]:
        """The next message."""
        return next(self._blocks)


def streams(backend: BackendProcess, client: Client, path: str, last: int | None = None) -> Sequence[Stream]:
    """A stream at each worker."""
    found: dict[int, Stream] = {}
    while len(found) < WORKERS:
        stream = Stream(backend, client.authorization, path, last)
        if found.setdefault(stream.worker, stream) is not stream:
            stream.close()
    return [found[pid] for pid in sorted(found)]


def test_resources_are_seen_wherever_they_are_followed(backend: BackendProcess, each: Sequence[Client]) -> None:
    """What any worker writes shows in the streams of all, in one order."""
    path = f"{NAMESPACE}/checks"
    following = streams(backend, each[0], path)
    for number in range(12):
        body = {
            "metadata": {"name": f"watched{number}", "namespace": "default"},
            "command": "true",
            "interval": 60,
            "subscriptions": ["linux"],
        }
        each[number % WORKERS].put(f"checks/watched{number}", body)
        for stream in following:
            word, told = stream.next()
            assert (word, told["metadata"]["name"]) == ("updated", f"watched{number}")  # type: ignore[index]
    assert len({stream.last for stream in following}) == 1
    for stream in following:
        stream.close()


def test_events_are_seen_and_nothing_is_missed_by_who_comes_back(
    backend: BackendProcess, each: Sequence[Client]
) -> None:
    """Events of any worker show everywhere; who was away and comes back to any worker hears what it missed."""
    path = f"{NAMESPACE}/events"
    following = streams(backend, each[0], path)
    for number in range(12):
        event = event_of(f"seen{number}", "ping", 1)
        assert each[number % WORKERS].ask("POST", path, event)[0] == 201
        for stream in following:
            word, told = stream.next()
            assert (word, told["entity"]["metadata"]["name"]) == ("updated", f"seen{number}")  # type: ignore[index]
    last = following[0].last
    for stream in following:
        stream.close()
    for number in range(6):
        event = event_of(f"missed{number}", "ping", 1)
        assert each[number % WORKERS].ask("POST", path, event)[0] == 201
    for stream in streams(backend, each[1], path, last):
        heard = [stream.next() for _ in range(6)]
        assert [told["entity"]["metadata"]["name"] for _, told in heard] == [  # type: ignore[index]
            f"missed{number}" for number in range(6)
        ]
        stream.close()
