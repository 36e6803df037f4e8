"""A real backend, its agents and what they report, for tests that look at them with a browser."""

import asyncio
import threading
import time
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from sensu.testing.backend_process import PASSWORD, USER, BackendProcess
from tests.contract.http_client import Answer, ApiClient
from tests.faults.agent_process import AgentProcess

T = TypeVar("T")
STEP_S = 60.0
EVENTS = "/api/core/v2/namespaces/default/events"


class World:
    """A backend with the user admin, and the agents that a test starts; everything ends with `close`.

    Playwright's own loop runs in the thread of the tests, so programs and requests have a loop in another thread.
    """

    def __init__(self, folder: Path, flags: Sequence[str] = ()) -> None:
        """Files are kept in `folder`; `flags` are more flags of `sensu-backend start`."""
        self.backend = BackendProcess(folder)
        self._folder = folder
        self._flags = flags
        self._agents: dict[str, AgentProcess] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="world", daemon=True)
        self._thread.start()

    def start(self) -> None:
        """Make the database and start the backend."""
        self.run(self.backend.initialise())
        self.start_backend()

    def start_backend(self) -> None:
        """Start the backend again after `kill_backend`."""
        self.run(self.backend.start(self._flags))

    def kill_backend(self) -> None:
        """End the backend as `kill -9` does."""
        self.run(self.backend.kill())

    def close(self) -> None:
        """End all programs."""
        for agent in self._agents.values():
            self.run(agent.kill())
        self.run(self.backend.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, steps: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine."""
        return asyncio.run_coroutine_threadsafe(steps, self._loop).result(STEP_S)

    @property
    def url(self) -> str:
        """Where the web UI is."""
        return self.backend.web_url

    def api(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        user: str = USER,
        password: str = PASSWORD,
        may_be: Collection[int] = (),
    ) -> Answer:
        """The answer of the API to a request of a user; fails for statuses of 400 and above but those in `may_be`."""

        async def asked() -> Answer:
            async with ApiClient(self.backend.api_url, user, password) as client:
                return await client.request(method, path, body)

        answer = self.run(asked())
        assert answer.status < 400 or answer.status in may_be, answer
        return answer

    def exists(self, path: str) -> bool:
        """Whether the API has something at a path."""
        return self.api("GET", path, may_be=[404]).status != 404

    def remove(self, path: str) -> None:
        """Delete what is at a path of the API, if it is there."""
        self.api("DELETE", path, may_be=[404])

    def wait_for(self, path: str, holds: Callable[[Any], bool]) -> None:
        """Return when the answer to a GET request of the API is as it should be; fails when time is up."""
        deadline = time.monotonic() + STEP_S
        while not holds(self.api("GET", path).body):
            assert time.monotonic() < deadline, path
            time.sleep(0.2)

    def create(self, *resources: dict[str, Any]) -> None:
        """Store wrapped resources (`type`, `api_version`, `metadata`, `spec`)."""

        async def stored() -> list[Answer]:
            async with ApiClient(self.backend.api_url, USER, PASSWORD) as client:
                return [await client.put_resource(resource) for resource in resources]

        refused = [answer for answer in self.run(stored()) if answer.status not in (200, 201)]
        assert refused == [], refused

    def report(
        self,
        entity: str,
        check: str,
        status: int,
        output: str = "",
        *,
        namespace: str = "default",
        labels: Mapping[str, str] | None = None,
        through: Sequence[str] = (),
        **fields: object,
    ) -> None:
        """Send the result of a check of a proxy entity, as scripts do, through pipelines; `fields` are of the check."""
        pipelines = [{"name": name, "type": "Pipeline", "api_version": "core/v2"} for name in through]
        event = _event(entity, check, status, output, namespace=namespace, labels=labels or {}, **fields)
        event |= {"pipelines": pipelines} if through else {}
        self.api("POST", f"/api/core/v2/namespaces/{namespace}/events", event)

    def report_at_once(self, events: Sequence[tuple[str, str, int]]) -> None:
        """Send the results of many proxy entities as fast as the backend takes them: entity, check and status."""

        async def sent() -> None:
            async with ApiClient(self.backend.api_url, USER, PASSWORD) as client:
                for start in range(0, len(events), 100):
                    some = [_event(*event, labels={}) for event in events[start : start + 100]]
                    answers = await asyncio.gather(*(client.request("POST", EVENTS, each) for each in some))
                    assert all(answer.status < 400 for answer in answers), answers

        self.run(sent())

    def start_agent(self, name: str, *subscriptions: str, flags: Sequence[str] = ()) -> None:
        """Start an agent; it is connected when its first keepalive is stored."""
        flags = ["--name", name, "--subscriptions", ",".join(subscriptions) or "linux", *flags]
        agent = AgentProcess(self._folder / f"agent-{name}", self.backend.agent_url, flags)
        self._agents[name] = agent
        self.run(agent.start())

    def kill_agent(self, name: str) -> None:
        """End an agent as `kill -9` does."""
        self.run(self._agents.pop(name).kill())


def _event(
    entity: str,
    check: str,
    status: int,
    output: str = "",
    *,
    namespace: str = "default",
    labels: Mapping[str, str],
    **fields: object,
) -> dict[str, Any]:
    named = {"name": entity, "namespace": namespace, "labels": dict(labels)}
    result = {"interval": 60, "status": status, "output": output, **fields}
    return {
        "entity": {"entity_class": "proxy", "metadata": named},
        "check": {"metadata": {"name": check, "namespace": namespace}, **result},
    }
