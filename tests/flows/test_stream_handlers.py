"""Handlers that keep connections, in pipelines."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from sensu.resources.kinds import PIPELINE, TCP_STREAM
from sensu.resources.metadata import ResourceReference
from sensu.resources.pipeline import Pipeline, PipelineWorkflow
from sensu.resources.tcp_stream import TCPStreamHandler
from sensu.store.values import EventKey
from sensu.testing.factories import make_metadata
from tests.flows.pipelined_world import PipelinedWorld, pipe, result


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


def pipeline_to_stream(name: str = "p", mutator: str = "") -> Pipeline:
    handler = ResourceReference(api_version="pipeline/v1", type="TCPStreamHandler", name="logs")
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
