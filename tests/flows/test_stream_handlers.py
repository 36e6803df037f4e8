"""Handlers that keep connections, in pipelines."""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from sensu.resources.event import Event
from sensu.resources.kinds import PIPELINE, SECRET, SUMO_LOGIC, TCP_STREAM, Kind
from sensu.resources.metadata import ResourceReference, SecretReference
from sensu.resources.metrics import MetricPoint, Metrics
from sensu.resources.pipeline import Pipeline, PipelineWorkflow
from sensu.resources.secret import Secret
from sensu.resources.sumo_logic import SumoLogicMetricsHandler
from sensu.resources.tcp_stream import TCPStreamHandler
from sensu.store.values import EventKey
from sensu.testing.factories import make_metadata
from tests.flows.pipelined_world import START, PipelinedWorld, pipe, result


@pytest.fixture
def world(pipelined: PipelinedWorld) -> PipelinedWorld:
    return pipelined


def stream(port: int, **fields: Any) -> TCPStreamHandler:
    """A handler that sends to a port of this host."""
    return TCPStreamHandler(
        metadata=make_metadata("logs"),
        **{
            "address": f"127.0.0.1:{port}",
            "max_connections": 2,
            "min_reconnect_delay": "1s",
            "max_reconnect_delay": "2s",
            **fields,
        },
    )


def pipeline_to_stream(name: str = "p", mutator: str = "", kind: Kind = TCP_STREAM) -> Pipeline:
    handler = ResourceReference(api_version=kind.api_version, type=kind.type, name="logs")
    changed = ResourceReference(api_version="core/v2", type="Mutator", name=mutator) if mutator else None
    return Pipeline(
        metadata=make_metadata(name), workflows=(PipelineWorkflow(name="w", mutator=changed, handler=handler),)
    )


@contextlib.asynccontextmanager
async def listening(lines: list[bytes], port: int = 0) -> AsyncIterator[int]:
    """A server that notes lines."""

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            while line := await reader.readline():
                lines.append(line)
            writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", port)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_events_of_a_pipeline_are_written_as_lines(world: PipelinedWorld) -> None:
    """Each event is a line of JSON; what a mutator makes of it is written as it is."""
    lines: list[bytes] = []
    async with listening(lines) as port:
        await world.configure(TCP_STREAM, stream(port))
        await world.configure(PIPELINE, pipeline_to_stream(), pipeline_to_stream("q", "only_check_output"))
        await world.owe(*(result(str(number), entity=f"e{number}", pipelines=["p"]) for number in range(30)))
        await world.owe(result("as it is\n", entity="other", pipelines=["q"]))
        await world.settled()
        await world.until(lambda: len(lines) == 31)
        assert b"as it is\n" in lines
        events = [json.loads(line) for line in lines if line != b"as it is\n"]
        assert {event["check"]["output"] for event in events} == set(map(str, range(30)))


async def test_a_handler_with_a_stream_s_name_is_another_one(world: PipelinedWorld) -> None:
    """A check names handlers of core/v2 alone, so that it never reaches a stream handler of the name."""
    lines: list[bytes] = []
    async with listening(lines) as port:
        await world.configure(TCP_STREAM, stream(port))
        await world.owe(result("not sent", handlers=["logs"]))
        await world.settled()
        await world.handlers(pipe("logs", world.append_command("logs")))
        await world.owe(result("to the command", handlers=["logs"]))
        await world.settled()
        assert (world.outputs("logs"), lines) == (["to the command"], [])


async def test_a_stream_that_is_down_is_retried_and_given_up_like_every_handler(world: PipelinedWorld) -> None:
    """After the pauses of its connections, a workflow is retried, then its event goes to the fallback handler."""
    lines: list[bytes] = []
    async with listening(lines) as port:
        pass  # nobody listens there any more
    await world.configure(TCP_STREAM, stream(port, retry_attempts=1, retry_delay=5, fallback_handler="mail"))
    await world.handlers(pipe("mail", world.append_command("mail")))
    await world.configure(PIPELINE, pipeline_to_stream())
    await world.owe(result("lost way", pipelines=["p"]))
    while not world.outputs("mail"):
        await world.clock.advance(1)
        await asyncio.sleep(0.005)
    explained = world.pipelined.traces.of(EventKey("default", "web1", "http"))
    assert explained is not None
    traces = {trace.handler: trace for trace in explained.workflows}
    assert f"TCP stream 127.0.0.1:{port}: [Errno 111]" in traces["pipeline/v1.TCPStreamHandler(Name=logs)"].why
    async with listening(lines, port):
        await world.owe(result("arrives", pipelines=["p"]))
        while not lines:
            await world.clock.advance(1)
            await asyncio.sleep(0.005)
    assert json.loads(lines[0])["check"]["output"] == "arrives"


class Source:
    """An HTTP source: answers with `status` and notes what it accepts."""

    def __init__(self) -> None:
        self.status, self.headers = 200, dict[str, str]()
        self.bodies: list[str] = []
        self.paths: set[str] = set()
        self.requests, self.peers = 0, set[int]()
        self.url = ""

    @classmethod
    @contextlib.asynccontextmanager
    async def listening(cls) -> AsyncIterator["Source"]:
        source = cls()
        server = TestServer(web.Application(client_max_size=10_000_000))
        server.app.router.add_post("/{path:.*}", source._take)
        async with server:
            source.url = str(server.make_url("/receiver/v1/http/"))
            yield source

    async def _take(self, request: web.Request) -> web.Response:
        self.requests += 1
        assert request.transport is not None
        self.peers.add(request.transport.get_extra_info("peername")[1])
        if self.status == 200:
            assert request.headers["Content-Type"] == "application/vnd.sumologic.prometheus"
            self.bodies.append(await request.text())
            self.paths.add(request.path)
        return web.Response(status=self.status, headers=self.headers)

    @property
    def lines(self) -> list[str]:
        return "".join(self.bodies).splitlines()


def sumo(url: str, **fields: Any) -> SumoLogicMetricsHandler:
    return SumoLogicMetricsHandler(
        metadata=make_metadata("logs"), url=url, **{"max_connections": 2, "timeout": "10s", **fields}
    )


def measured(value: int) -> Event:
    point = MetricPoint(name="load", value=value, timestamp=START)
    event = result("ok", 0, entity=f"e{value}", pipelines=["p"])
    return msgspec.structs.replace(event, metrics=Metrics(points=(point,)))


TOKEN = "ZaVnC4dhaV2canary"


async def test_metrics_are_sent_together_over_few_connections(world: PipelinedWorld) -> None:
    """The points of events arrive as lines of Prometheus with their entity; an event without metrics is done."""
    async with Source.listening() as source:
        await world.configure(SUMO_LOGIC, sumo(f"{source.url}{TOKEN}"))
        await world.configure(PIPELINE, pipeline_to_stream(kind=SUMO_LOGIC))
        await world.owe(*map(measured, range(40)), result("no metrics", entity="other", pipelines=["p"]))
        await world.settled()
        assert sorted(source.lines) == sorted(
            f'load{{entity="e{value}",check="http"}} {float(value)} {START}000' for value in range(40)
        )
        assert source.requests < 40
        assert len(source.peers) <= 2
        explained = world.pipelined.traces.of(EventKey("default", "other", "http"))
        assert explained is not None
        assert explained.workflows[0].outcome == "delivered"


async def test_a_source_that_refuses_is_retried_and_its_url_stays_secret(
    world: PipelinedWorld, caplog: pytest.LogCaptureFixture
) -> None:
    """Failures name the host and the status; the URL is in no log, explanation or dead letter."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.CRITICAL, "aiohttp.access")  # of the source itself
    async with Source.listening() as source:
        source.status, source.headers = 429, {"Retry-After": "7"}
        await world.configure(SUMO_LOGIC, sumo(f"{source.url}{TOKEN}", retry_attempts=0))
        await world.configure(PIPELINE, pipeline_to_stream(kind=SUMO_LOGIC))
        await world.owe(measured(1))
        await world.settled()
        source.status = 200
        await world.owe(measured(2))
        await world.until(lambda: len(world.pipelined.traces.of(EventKey("default", "e1", "http")).workflows) == 1)
        assert source.requests == 1
        await world.clock.advance(7)
        await world.settled()
        assert source.requests == 2
    await world.owe(measured(3))
    await world.settled()
    first, second = await world.dead_letters()
    assert first.endswith("Sumo Logic 127.0.0.1: status 429")
    assert "Sumo Logic 127.0.0.1: Cannot connect" in second
    explained = str([world.pipelined.traces.of(EventKey("default", name, "http")) for name in ("e1", "e3")])
    assert TOKEN not in "".join((first, second, explained, caplog.text))


async def test_the_url_can_be_a_secret(world: PipelinedWorld) -> None:
    """`$NAME` is the value of a secret of the handler; without it, the event waits for its retries."""
    async with Source.listening() as source:
        secrets = (SecretReference(name="SOURCE", secret="sumo"),)
        await world.configure(SUMO_LOGIC, sumo("$SOURCE", secrets=secrets))
        await world.configure(PIPELINE, pipeline_to_stream(kind=SUMO_LOGIC))
        await world.owe(measured(1))
        assert "secret sumo does not exist" in (await world.failed())["why"]
        await world.configure(SECRET, Secret(metadata=make_metadata("sumo"), provider="env", id="SUMO_URL"))
        world.environment["SUMO_URL"] = f"{source.url}{TOKEN}"
        await world.clock.advance(6)
        await world.settled()
        assert source.paths == {f"/receiver/v1/http/{TOKEN}"}
        world.environment["SUMO_URL"] = f"{source.url}another"
        await world.owe(measured(2))
        await world.settled()
        assert "/receiver/v1/http/another" in source.paths
