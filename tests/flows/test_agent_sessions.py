"""How an agent holds its session with a backend."""

import asyncio
import json
import time
from pathlib import Path

from tests.contract.fake_backend import FakeBackend
from tests.flows.agent_world import NOT_FOUND, PATIENCE_S, agent_world


async def test_the_first_frame_is_a_keepalive(tmp_path: Path) -> None:
    """An agent introduces itself with a keepalive that tells what it is, and sends more at its interval."""
    async with agent_world(tmp_path, "--keepalive-interval", "1") as world:
        await world.until(lambda: len(world.backend.frames) >= 2)
        first, second = world.backend.frames[:2]
    assert (first.type, second.type) == ("keepalive", "keepalive")
    assert (first.payload["sequence"], second.payload["sequence"]) == (1, 2)
    assert first.payload["entity"]["metadata"]["name"] == "ag1"
    assert first.payload["entity"]["system"]["hostname"]
    assert 0.7 < second.at - first.at < 3


async def test_what_an_agent_keeps_to_itself(tmp_path: Path) -> None:
    """An agent that is told so leaves out its network interfaces; its cloud is looked up without asking anybody."""
    async with agent_world(tmp_path, "--strip-networks", "--detect-cloud-provider") as world:
        system = world.backend.frames[0].payload["entity"]["system"]
    assert system["network"] == {"interfaces": None}
    assert system["cloud_provider"] in ("", "EC2", "GCP", "Azure")


async def test_a_lost_connection_is_made_again(tmp_path: Path) -> None:
    """After a cut the agent is back, its counts begin anew, and events that waited arrive after the keepalive."""
    async with agent_world(tmp_path) as world:
        await world.result_of("echo before")
        away, done = tmp_path / "away", tmp_path / "done"
        await world.request("waits", f"until test -e {away}; do sleep 0.01; done; echo during; touch {done}")
        await world.backend.go_away()
        away.touch()
        await world.until(done.exists)
        await world.backend.listen()
        await world.until(lambda: len(world.backend.events()) >= 2)
        frames = world.backend.connections[-1].frames
    assert [frame.type for frame in frames] == ["keepalive", "event"]
    assert frames[0].payload["sequence"] == 1
    assert frames[1].payload["check"]["output"] == "during\n"


async def test_check_requests_before_the_entity_config_are_dropped(tmp_path: Path) -> None:
    """Until the backend told the entity's configuration, the agent neither sends nor runs anything."""
    async with agent_world(tmp_path, greeting=None, wait=False) as world:
        await world.until(lambda: world.backend.open is not None)
        await world.request("early", "echo early")
        await world.until(lambda: world.agent.counters.value("sensu_go_agent_messages_received", "check_request") == 1)
        assert world.backend.frames == []
        await world.send(NOT_FOUND)
        await world.is_connected()
        await world.request("late", "echo late")
        events = await world.events(1)
    assert [event["check"]["metadata"]["name"] for event in events] == ["late"]


async def test_a_new_configuration_counts_at_once(tmp_path: Path) -> None:
    """What the backend sends of the entity is in the next event."""
    async with agent_world(tmp_path) as world:
        config = {
            "metadata": {"name": "ag1", "namespace": "default", "labels": {"new": "1"}},
            "subscriptions": ["zz"],
        }
        await world.send("entity_config\n" + json.dumps(config))
        event = await world.result_of("true")
    assert event["entity"]["metadata"]["labels"] == {"new": "1"}
    assert event["entity"]["subscriptions"] == ["zz"]


async def test_backends_are_tried_in_turn(tmp_path: Path) -> None:
    """With two backends, of which one refuses, the agent ends up with the other."""
    async with FakeBackend(None, always_refuse=(503, "no\n")) as refusing:
        async with agent_world(tmp_path, "--backend-url", refusing.url) as world:
            assert len(world.backend.connections) == 1


async def test_a_backend_that_drops_every_session_is_not_stormed(tmp_path: Path) -> None:
    """Sessions that end at once, one after the other, are begun with growing waits."""
    async with agent_world(tmp_path, "--retry-min", "200ms") as world:
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            if world.backend.open is not None:
                await world.backend.open.connection.cut()
            await asyncio.sleep(0.01)
        attempts = len(world.backend.attempts)
    assert 2 <= attempts <= 8


async def test_the_backend_is_told_good_bye(tmp_path: Path) -> None:
    """An agent that is stopped closes its session with the code for going away."""
    async with agent_world(tmp_path) as world:
        connection = world.backend.connections[0]
        world.agent.stop()
        assert await world.backend.until(lambda: connection.ended_at is not None, PATIENCE_S)
    assert connection.close_frame == (1001, "bye")


async def test_a_clean_stop_finishes_what_runs(tmp_path: Path) -> None:
    """A check that is about to end when the agent is stopped is finished and sent, and no other is begun."""
    async with agent_world(tmp_path) as world:
        began = tmp_path / "began"
        await world.request("ends", f"touch {began}; sleep 0.4; echo done")
        await world.until(began.exists)
        world.agent.stop()
        await world.request("late", "echo late")
        events = await world.events(1)
    assert [event["check"]["output"] for event in events] == ["done\n"]
    assert len(world.backend.events()) == 1
