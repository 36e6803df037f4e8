"""kill -9 of a real backend while a digest of a storm is on its way: no problem is missed, and none is said thrice."""

import os
import re
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from sensu.testing.backend_process import BackendProcess
from tests.faults.agent_process import until
from tests.faults.test_kill_in_delivery import DELIVERIES, NAMESPACE, Api
from tests.sinks import Answer, Request, http_sink

HOSTS, CHECKS = 5, ("disk", "http", "load")
PATIENCE_S = 60.0
pytestmark = pytest.mark.timeout(120)


def said_in(request: Request) -> list[tuple[str, str]]:
    """The problems in a message, as pairs of entity and check."""
    title, text = request.json["title"], request.json["message"]
    alone = re.search(r"(web\d+)/(\w+) is critical", title)
    if alone:
        return [(alone[1], alone[2])]
    found, check = [], ""
    for line in text.splitlines():
        if head := re.fullmatch(r"(\w+) \(\d+\)", line):
            check = head[1]
        elif entity := re.match(r"(web\d+) critical", line):
            found.append((entity[1], check))
    return found


def event(entity: str, check: str) -> dict[str, Any]:
    now = int(time.time())
    failing = {"metadata": {"name": check}, "status": 2, "interval": 60, "handlers": ["ops"], "output": "503"}
    return {
        "timestamp": now,
        "entity": {"metadata": {"name": entity}, "entity_class": "proxy"},
        "check": {**failing, "executed": now},
    }


async def test_a_backend_that_is_killed_in_a_storm(tmp_path: Path) -> None:
    """After the restart every problem has been announced; only what the interrupted message said comes twice."""
    backend = BackendProcess(tmp_path)
    await backend.initialise()
    await backend.start(["--log-level", "fatal"])
    api = Api(backend)
    interrupted: list[Request] = []

    def answer(request: Request) -> Answer:
        """The first digest kills the backend before it is answered."""
        if not interrupted and len(said_in(request)) > 1:
            interrupted.append(request)
            os.kill(backend.pid, signal.SIGKILL)
        return 200, {}

    with http_sink(answer) as sink:
        notify = {
            "urls": [f"{sink.url.replace('http:', 'json:')}/"],
            "storm": {"after": 3, "within": "1m", "digest": "10s"},
        }
        handler = {"metadata": {"name": "ops", "namespace": "default"}, "type": "notify", "notify": notify}
        assert (await api.call("PUT", f"{NAMESPACE}/handlers/ops", handler))[0] in (200, 201)
        problems = [(f"web{number}", check) for number in range(HOSTS) for check in CHECKS]
        for problem in problems:
            assert (await api.call("POST", f"{NAMESPACE}/events", event(*problem)))[0] == 201
        try:
            await until(lambda: interrupted, PATIENCE_S)
            await backend.kill()
            await backend.start(["--log-level", "fatal"])

            async def is_settled() -> bool:
                return (await api.call("GET", DELIVERIES))[1] == []

            await until(is_settled, PATIENCE_S)
        finally:
            await backend.stop()
    times = Counter(problem for request in sink.requests for problem in said_in(request))
    assert set(times) == set(problems)
    twice = {problem for problem, count in times.items() if count > 1}
    assert max(times.values()) <= 2
    assert twice <= set(said_in(interrupted[0]))
