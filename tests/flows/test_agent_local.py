"""What programs on the host can hand to an agent."""

import asyncio
import json
import socket
from pathlib import Path

import pytest

from tests.flows.agent_world import AgentWorld, agent_world


async def test_events_posted_to_the_api(tmp_path: Path) -> None:
    """An event posted to the local API reaches the backend about the agent's entity."""
    async with agent_world(tmp_path) as world:
        body = json.dumps({"check": {"metadata": {"name": "posted"}, "status": 1}}).encode()
        assert await world.http("POST", "/events", body) == (202, "")
        [event] = await world.events(1)
    assert event["check"]["metadata"] == {"name": "posted", "namespace": "default"}
    assert event["entity"]["metadata"]["name"] == "ag1"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/events", b"", 400),
        ("POST", "/events", b"null", 400),
        ("POST", "/events", b"{}", 400),
        ("POST", "/events", b"[" * 100_000, 400),
        ("POST", "/events", b"\xff\xfe", 400),
        ("POST", "/events", b"x" * 3_000_000, 413),
        ("PUT", "/events", b"{}", 405),
        ("GET", "/nosuch", b"", 404),
        ("GET", "/" + "x" * 100_000, b"", 431),
        ("GET", "/version", b"", 200),
        ("GET", "/healthz", b"", 200),
    ],
)
async def test_answers_of_the_api(tmp_path: Path, method: str, path: str, body: bytes, status: int) -> None:
    """The API answers every request, and none of them harms it."""
    async with agent_world(tmp_path) as world:
        try:
            answered, _ = await world.http(method, path, body)
        except ConnectionError:
            answered = status  # refused while the request was still being written
        assert answered == status
        assert (await world.http("GET", "/healthz"))[1] == "ok"


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://evil.example", 403),
        ("null", 403),
        ("http://localhost:1", 403),
        ("http://127.0.0.1:{port}", 202),
        ("http://localhost:{port}", 202),
    ],
)
async def test_web_pages_cannot_post_events(tmp_path: Path, origin: str, status: int) -> None:
    """What a web page has a browser on the host send to the agent is refused, whatever Host it names."""
    async with agent_world(tmp_path) as world:
        body = json.dumps({"check": {"metadata": {"name": "posted"}, "status": 1}})
        head = "POST /events HTTP/1.1\r\nHost: evil.example\r\nContent-Type: text/plain\r\nConnection: close\r\n"
        sent = f"{head}Origin: {origin.format(port=world.api_port)}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        answer = await world.talk(world.api_port, sent.encode())
        assert int(answer.split()[1]) == status


async def test_bytes_that_are_no_http(tmp_path: Path) -> None:
    """Bytes that are no request are answered with 400 and end only their connection."""
    async with agent_world(tmp_path) as world:
        answer = await world.talk(world.api_port, b"\x16\x03\x01 nonsense\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert (await world.http("GET", "/healthz"))[0] == 200


async def test_what_the_agent_counts(tmp_path: Path) -> None:
    """The metrics page tells what was sent and received."""
    async with agent_world(tmp_path) as world:
        status, text = await world.http("GET", "/metrics")
    assert status == 200
    assert 'sensu_go_agent_messages_sent{type="keepalive"} 1' in text
    assert "sensu_go_agent_new_connections 1" in text


async def _result_arrives(world: AgentWorld, name: str) -> bool:
    await world.until(lambda: [e["check"]["metadata"]["name"] for e in world.backend.events()] == [name])
    return True


async def test_check_results_on_the_tcp_socket(tmp_path: Path) -> None:
    """A result is taken and answered when its document is complete, also where it comes in pieces."""
    async with agent_world(tmp_path) as world:
        reader, writer = await asyncio.open_connection("127.0.0.1", world.socket_port)
        writer.write(b'{"name": "one", ')
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write(b'"output": "a {} b"}\n')
        assert await asyncio.wait_for(reader.read(), 3) == b"ok"
        writer.close()
        assert await _result_arrives(world, "one")
        assert await world.talk(world.socket_port, b"\n ping \n") == b"pong"
        assert await world.talk(world.socket_port, b"[]") == b"invalid"


async def test_datagrams_never_end_the_listener(tmp_path: Path) -> None:
    """After any datagram, good ones are still taken."""
    async with agent_world(tmp_path) as world:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for data in (b"", b" ping ", b"{", b"\xff" * 1000, b"[" * 5000, b'{"name":"two","output":"o"}'):
                sender.sendto(data, ("127.0.0.1", world.socket_port))
        assert await _result_arrives(world, "two")


async def test_statsd_metrics_become_an_event(tmp_path: Path) -> None:
    """What StatsD clients send is flushed as an event for the configured handlers."""
    arguments = ("--statsd-flush-interval", "1", "--statsd-event-handlers", "influx")
    async with agent_world(tmp_path, *arguments) as world:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for data in (b"\xff\xfe", b"c:1|c\nc:2|c", b"nonsense"):
                sender.sendto(data, ("127.0.0.1", world.statsd_port))
        [event, *_] = await world.events(1)
    assert event["metrics"]["handlers"] == ["influx"]
    values = {point["name"]: point["value"] for point in event["metrics"]["points"]}
    assert values["c.value"] == 3
