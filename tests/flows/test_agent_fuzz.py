"""Whatever a hostile backend or a hostile local process sends, the agent goes on doing its work."""

import asyncio
import json
import socket
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sensu.transport import codec, frames
from sensu.transport.frames import Message
from tests.faults.agent_process import until
from tests.flows.agent_world import AgentWorld, agent_world
from tests.flows.test_agent_extensions import CONFIG, ProtobufBackend, agent_of, output, protobuf_backend, request

EXAMPLES = settings(max_examples=150, suppress_health_check=list(HealthCheck), database=None)

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=20)
    | st.just("{{ .name }}")
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
commands = st.sampled_from(["true", "false", "echo {{ .name }}", "echo {{", "\0", "", 5, None])
HOOK = {"metadata": {"name": "h", "namespace": "default"}, "command": "true", "timeout": 1}
METADATA = {"name": "fuzz", "namespace": "default"}
CHECK = {
    "command": "true",
    "interval": 60,
    "metadata": METADATA,
    "timeout": 1,
    "check_hooks": [{"0": ["h"]}],
    "output_metric_format": "graphite_plaintext",
    "output_metric_thresholds": [{"name": "a", "thresholds": [{"max": "1", "status": 1}]}],
    "env_vars": ["A=1"],
    "stdin": False,
    "max_output_size": 100,
    "discard_output": False,
    "proxy_entity_name": "",
    "subdues": [],
    "secrets": [],
    "labels": {},
}
REQUEST = {"config": CHECK, "issued": 1, "hooks": [HOOK], "assets": [], "secrets": ["S=1"], "hook_assets": {}}
ENTITY = {"metadata": METADATA, "subscriptions": ["linux"], "redact": ["a"], "entity_class": "agent"}


@st.composite
def spoilt(draw: Any, template: Any) -> Any:
    """A document like the template, with some of its values replaced by any."""
    copied = json.loads(json.dumps(template))
    for _ in range(draw(st.integers(1, 3))):
        place = copied
        while True:
            key = draw(st.sampled_from(sorted(place)))
            if isinstance(place[key], dict) and place[key] and draw(st.booleans()):
                place = place[key]
                continue
            place[key] = draw(commands if key == "command" else values)
            break
    return copied


def json_frame(kind: str, template: Any) -> st.SearchStrategy[bytes]:
    return spoilt(template).map(lambda value: f"{kind}\n{json.dumps(value)}".encode())


frames_of_json = (
    json_frame("check_request", REQUEST)
    | json_frame("entity_config", ENTITY)
    | json_frame("ack", {"stored": [[1, 2]], "refused": [[3, "x"]], "deferred": [[4, "x"]]})
    | json_frame("extensions", {"ack": 1, "codec": "application/json"})
    | st.tuples(st.sampled_from(["check_request", "entity_config", "ack", "nosuch", ""]), st.binary(max_size=200)).map(
        lambda pair: pair[0].encode() + b"\n" + pair[1]
    )
    | st.binary(max_size=100)
)


async def attacked(play: Callable[..., Coroutine[Any, Any, None]], strategy: st.SearchStrategy[Any]) -> None:
    """Play each example on this loop, the examples chosen in a thread."""
    loop = asyncio.get_running_loop()

    @EXAMPLES
    @given(strategy)
    def attack(example: Any) -> None:
        asyncio.run_coroutine_threadsafe(play(example), loop).result(30)

    await asyncio.to_thread(attack)


def check_names(world: AgentWorld) -> set[str]:
    """Of what checks there are events, however odd some of them are."""
    checks = [event.get("check") or {} for event in world.backend.events()]
    return {check.get("metadata", {}).get("name", "") for check in checks}


def metric_names(world: AgentWorld) -> set[str]:
    """Of what metrics there are points."""
    metrics = [event.get("metrics") or {} for event in world.backend.events()]
    return {point["name"] for each in metrics for point in each.get("points") or ()}


async def still_works(world: AgentWorld, number: int) -> None:
    """The agent runs a check for the backend, in this session or the next."""
    name = f"alive{number}"
    asked = None

    async def answered() -> bool:
        nonlocal asked
        one = world.backend.open
        if one is not None and one.frames and one is not asked:
            asked = one
            await world.request(name, "echo fine")
        return name in check_names(world)

    await until(answered)


@pytest.mark.slow
async def test_frames_of_a_hostile_backend(tmp_path: Path) -> None:
    """After any frames in JSON the agent connects, runs checks and reports them as before."""
    async with agent_world(tmp_path, "--retry-max", "60ms") as world:
        count = 0

        async def play(example: list[bytes]) -> None:
            nonlocal count
            count += 1
            await until(lambda: world.backend.open is not None)
            assert world.backend.open is not None
            for data in example:
                await world.backend.open.connection.send(2, data)
                if world.backend.open is None:
                    break
            await still_works(world, count)
            for one in world.backend.connections:
                del one.frames[:-2]

        await attacked(play, st.lists(frames_of_json, min_size=1, max_size=4))


@pytest.mark.slow
async def test_protobuf_of_a_hostile_backend(tmp_path: Path) -> None:
    """After any payloads where protobuf is expected the agent runs checks as before."""

    async def heard(backend: ProtobufBackend, name: str) -> None:
        while output(await backend.heard(codec.PROTOBUF, frames.EVENT)) != f"{name}\n":
            pass

    async with protobuf_backend() as (backend, url), agent_of(url, tmp_path, "--retry-max", "60ms"):
        await backend.heard(codec.PROTOBUF, frames.KEEPALIVE)
        count = 0
        good = codec.PROTOBUF.encode(frames.CHECK_REQUEST, request("one"))
        entity = codec.PROTOBUF.encode(frames.ENTITY_CONFIG, CONFIG)

        async def play(example: tuple[str, bytes, int]) -> None:
            nonlocal count
            count += 1
            kind, noise, at = example
            base = good if kind == frames.CHECK_REQUEST else entity
            assert backend.connection is not None
            backend.connection.send(frames.build(kind, base[:at] + noise + base[at + len(noise) :]))
            backend.connection.send(frames.build(*Message(kind, noise)))
            backend.say(codec.PROTOBUF, frames.CHECK_REQUEST, request(f"alive{count}", 10**9 + count))
            await asyncio.wait_for(heard(backend, f"alive{count}"), 10)

        kinds = st.sampled_from([frames.CHECK_REQUEST, frames.ENTITY_CONFIG])
        await attacked(play, st.tuples(kinds, st.binary(max_size=40), st.integers(0, len(good))))


EVENT = {
    "check": {**CHECK, "status": 1, "output": "x", "executed": 1, "history": [], "issued": 1, "handlers": ["a"]},
    "entity": ENTITY,
    "metrics": {"handlers": [], "points": [{"name": "a", "value": 1, "timestamp": 1, "tags": []}]},
    "timestamp": 1,
    "metadata": METADATA,
    "sequence": 1,
    "id": "",
}
RESULT = {"name": "a", "output": "b", "status": 1, "handlers": [], "source": "c", "interval": 1, "executed": 1}
bodies = spoilt(EVENT).map(lambda value: json.dumps(value).encode()) | st.binary(max_size=300)
results = spoilt(RESULT).map(lambda value: json.dumps(value).encode()) | st.binary(max_size=300)
statsd_values = st.text("0123456789.-+eE_infa", max_size=6)
statsd = st.tuples(
    st.text(max_size=8), statsd_values, st.sampled_from(["c", "g", "ms", "h", "s", "x"]), st.text(max_size=20)
).map(lambda parts: f"{parts[0]}:{parts[1]}|{parts[2]}|@0.5|#{parts[3]}".encode()).filter(bool) | st.binary(
    max_size=300
)


@pytest.mark.slow
async def test_a_hostile_local_process(tmp_path: Path) -> None:
    """After any bodies, bytes and datagrams the API answers, and sockets take good results and samples."""
    async with agent_world(tmp_path, "--statsd-flush-interval", "1", "--events-rate-limit", "0") as world:
        count = 0

        async def play(example: tuple[bytes, bytes, bytes, bytes]) -> None:
            nonlocal count
            count += 1
            body, raw, result, sample = example
            status, _ = await world.http("POST", "/events", body)
            assert status in (202, 400)
            for port, data in ((world.api_port, raw + b"\r\n\r\n"), (world.socket_port, result)):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(data)
                writer.write_eof()
                writer.close()
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.sendto(result, ("127.0.0.1", world.socket_port))
                sender.sendto(sample, ("127.0.0.1", world.statsd_port))
                sender.sendto(raw, ("127.0.0.1", world.statsd_port))
                good = json.dumps({"name": f"alive{count}", "output": "o"}).encode()
                sender.sendto(good, ("127.0.0.1", world.socket_port))
            assert await world.http("GET", "/healthz") == (200, "ok")
            await until(lambda: f"alive{count}" in check_names(world))
            for one in world.backend.connections:
                del one.frames[:-2]

        await attacked(play, st.tuples(bodies, st.binary(max_size=300), results, statsd))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"alive:1|c", ("127.0.0.1", world.statsd_port))
        await world.until(lambda: any("alive" in name for name in metric_names(world)))
        assert len(world.backend.connections) == 1
