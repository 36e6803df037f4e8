import asyncio

import pytest

from sensu.resources.check import CheckConfig
from sensu.resources.check_request import CheckRequest
from sensu.resources.entity import EntityConfig
from sensu.resources.kinds import ENTITY, USER
from sensu.resources.metadata import ObjectMeta
from sensu.resources.user import User
from sensu.testing.fake_agent import FakeAgent, NotConnected
from sensu.testing.virtual_clock import VirtualClock
from sensu.token_bucket import TokenBucket
from sensu.transport.agent_socket import HandshakeRefused
from sensu.transport.websocket import Closed
from tests.flows.agentd_world import World, running

REQUEST = CheckRequest(config=CheckConfig(metadata=ObjectMeta(name="c", namespace="default"), command="true"), issued=7)


@pytest.mark.parametrize("protobuf", [False, True])
async def test_an_unknown_agent_is_told_so_and_asked_nothing(protobuf: bool) -> None:
    """An agent whose entity does not exist hears `not found`, and no check is sent to it until it does."""
    async with running() as world, world.agent(subscriptions=["linux"], protobuf=protobuf) as agent:
        config = await agent.config()
        assert (config.metadata.name, config.metadata.namespace) == ("not found", "default")
        assert world.agentd.publish("default", "linux", REQUEST) == 0
        assert world.agentd.publish("default", "entity:a1", REQUEST) == 0
        world.records.put_entity("a1", "linux", "entity:a1")
        assert (await agent.config("a1")).subscriptions == ("linux", "entity:a1")
        assert world.agentd.publish("default", "linux", REQUEST) == 1
        await agent.until(lambda heard: heard.requests)
        assert agent.requests == [REQUEST]


async def test_a_known_agent_is_subscribed_as_its_entity_says() -> None:
    """The stored entity decides about subscriptions, not the handshake; the agent's own is always among them."""
    async with running() as world:
        world.records.put_entity("a1", "stored", color="red")
        async with world.agent(subscriptions=["linux"]) as agent:
            config = await agent.config()
            assert (config.subscriptions, config.metadata.labels) == (("stored",), {"color": "red"})
            subscriptions = ("linux", "stored", "entity:a1")
            assert [world.agentd.publish("default", name, REQUEST) for name in subscriptions] == [0, 1, 1]
            assert world.agentd.publish("ns2", "stored", REQUEST) == 0


async def test_changed_subscriptions_change_who_is_asked() -> None:
    """After a change of the entity the old subscription is silent and the new one heard, without reconnecting."""
    async with running() as world:
        world.records.put_entity("a1", "old", "both")
        async with world.agent() as agent:
            await agent.config()
            world.records.put_entity("a1", "new", "both")
            subscriptions = ("old", "both", "new")
            assert [world.agentd.publish("default", name, REQUEST) for name in subscriptions] == [0, 1, 1]
            await agent.until(lambda heard: len(heard.configs) == 2)
            assert agent.configs[-1].subscriptions == ("new", "both")


async def test_the_mark_of_agent_management_is_not_sent() -> None:
    """An agent that manages its entity does not get the mark back, so it can stop managing it; other marks stay."""
    async with running() as world:
        world.records.put_entity("a1", **{"sensu.io/managed_by": "sensu-agent", "x": "1"})
        world.records.put_entity("a2", **{"sensu.io/managed_by": "sensuctl"})
        async with world.agent("a1") as one, world.agent("a2") as two:
            assert (await one.config()).metadata.labels == {"x": "1"}
            assert (await two.config()).metadata.labels == {"sensu.io/managed_by": "sensuctl"}


async def test_a_deleted_entity_ends_the_session() -> None:
    """Deleting the entity of a connected agent disconnects it with 1001, so that it registers again."""
    async with running() as world:
        world.records.put_entity("a1", "linux")
        async with world.agent() as agent:
            await agent.config()
            world.records.delete_entity("a1")
            assert world.agentd.agents("default", "linux") == []
            assert await agent.closed() == Closed(1001, "bye", by_peer=True)


@pytest.mark.parametrize("record", [User(username="agent", disabled=True), None])
async def test_a_disabled_user_ends_its_sessions(record: User | None) -> None:
    """Disabling or removing a user disconnects the agents that came with its password, in all namespaces, no others."""
    async with running() as world:
        world.records.put(USER, "", "agent", User(username="agent"))
        lim = world.agent(namespace="ns2", credentials=("lim", "Limited-1"))
        async with world.agent() as one, world.agent(namespace="ns2") as two, lim as other:
            for agent in (one, two, other):
                await agent.config()
            world.records.put(USER, "", "agent", User(username="agent", groups=("g",)))
            assert world.metric("sensu_go_agent_sessions", namespace="ns2") == 2
            world.records.put(USER, "", "agent", record)
            assert await one.closed() == await two.closed() == Closed(1001, "bye", by_peer=True)
            assert world.metric("sensu_go_agent_sessions", namespace="ns2") == 1
            world.records.put_entity("a1", "linux", namespace="ns2")
            await other.config("a1")


async def test_a_user_that_is_disabled_during_the_handshake_gets_no_session() -> None:
    """Whoever is disabled while the password is checked is disconnected as soon as it is connected."""
    async with running() as world:
        world.records.put(USER, "", "agent", User(username="agent", disabled=True))
        async with world.agent() as agent:
            assert (await agent.closed()).code == 1001
            assert world.metric("sensu_go_agent_sessions", namespace="default") == 0


async def test_an_agent_is_told_that_it_is_one() -> None:
    """Whatever class is stored, an agent hears of itself as an agent."""
    async with running() as world:
        config = EntityConfig(metadata=ObjectMeta(name="a1", namespace="default"), entity_class="proxy")
        world.records.put(ENTITY, "default", "a1", config)
        async with world.agent() as agent:
            assert (await agent.config("a1")).entity_class == "agent"


async def test_an_ended_session_is_forgotten() -> None:
    """After an agent is gone nothing is published to it, and it is no longer counted."""
    async with running() as world:
        world.records.put_entity("a1", "linux")
        async with world.agent() as agent:
            await agent.config()
            assert world.metric("sensu_go_agent_sessions", namespace="default") == 1
        async with world.agent("a2") as other:
            await other.config()
            assert world.agentd.agents("default", "linux") == []
            assert world.agentd.publish("default", "linux", REQUEST) == 0
            assert world.metric("sensu_go_agent_sessions", namespace="default") == 1


async def test_two_sessions_of_one_name_both_count() -> None:
    """A second agent of the same name is let in; both are told the entity and asked, the name is listed once."""
    async with running() as world:
        world.records.put_entity("a1", "linux")
        async with world.agent() as first:
            await first.config()
            async with world.agent() as second:
                await second.config()
                await first.until(lambda heard: len(heard.configs) == 2)
                assert world.agentd.agents("default", "linux") == ["a1"]
                assert world.agentd.publish("default", "linux", REQUEST) == 2
            assert world.agentd.publish("default", "linux", REQUEST) == 1


async def test_agents_of_other_namespaces_are_not_asked() -> None:
    """A check request reaches the agents of its own namespace only, in the form that each speaks."""
    async with running() as world:
        for namespace in ("default", "ns2"):
            world.records.put_entity("a1", "linux", namespace=namespace)
        world.records.put_entity("a2", "linux")
        async with (
            world.agent("a1") as here,
            world.agent("a2", protobuf=True) as too,
            world.agent("a1", namespace="ns2") as there,
        ):
            for agent in (here, too, there):
                await agent.config()
            assert world.agentd.agents("default", "linux") == ["a1", "a2"]
            assert world.agentd.publish("default", "linux", REQUEST) == 2
            for agent in (here, too):
                await agent.until(lambda heard: heard.requests == [REQUEST])
            assert there.requests == []


@pytest.mark.parametrize(
    ("options", "status", "body"),
    [
        ({"credentials": ("agent", "wrong")}, 401, "bad credentials"),
        ({"credentials": ("nobody", "x")}, 401, "bad credentials"),
        ({"credentials": ("noroles", "Noroles-1")}, 403, "Forbidden"),
        ({"namespace": "nosuch"}, 404, 'namespace "nosuch" not found'),
        ({"namespace": ""}, 404, 'namespace "" not found'),
        ({"name": "not ok"}, 400, "agent name"),
        ({"name": ""}, 400, "agent name"),
    ],
)
async def test_who_may_not_connect_is_told_why(options: dict[str, str], status: int, body: str) -> None:
    """A handshake that is not granted is refused with the recorded status and words, and leaves no session."""
    async with running() as world:
        with pytest.raises(NotConnected) as caught:
            await FakeAgent.connect(world.url, **{"name": "a1", **options})  # type: ignore[arg-type]
        outcome = caught.value.outcome
        assert isinstance(outcome, HandshakeRefused)
        assert (outcome.status, outcome.body[: len(body)]) == (status, body)
        assert world.metric("sensu_go_websocket_errors", op="upgrade", error=str(status)) == 1


async def test_before_the_backend_is_ready_agents_are_asked_to_come_again() -> None:
    """While the backend starts, agents get 503 and try again; after that they are let in."""
    async with running() as world:
        world.ready = False
        with pytest.raises(NotConnected) as caught:
            await FakeAgent.connect(world.url, "a1")
        assert caught.value.outcome == HandshakeRefused(503, "agentd temporarily unavailable during startup")
        world.ready = True
        async with world.agent() as agent:
            await agent.config()


async def test_while_the_store_is_away_no_agent_is_let_in() -> None:
    """Without a database nobody knows who may connect: agents and load balancers get 503 until it is back."""
    async with running() as world:
        world.store_problem = "the database cannot be reached"
        with pytest.raises(NotConnected) as caught:
            await FakeAgent.connect(world.url, "a1")
        assert caught.value.outcome == HandshakeRefused(503, "agentd temporarily unavailable because the database is")
        assert await status_of(world, "/ready") == 503
        world.store_problem = ""
        assert await status_of(world, "/ready") == 200
        async with world.agent() as agent:
            await agent.config()


async def status_of(world: World, path: str) -> int:
    """The status that the port answers to a plain request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", world.agentd.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: b\r\n\r\n".encode())
    status = (await reader.readline()).split()[1]
    writer.close()
    return int(status)


@pytest.mark.parametrize(
    ("path", "status", "body"), [("/ready", 200, b"ready\n"), ("/version", 404, b"404 page not found\n")]
)
async def test_the_port_answers_plain_requests(path: str, status: int, body: bytes) -> None:
    """Load balancers ask the agents' port whether the backend is ready; other paths do not exist."""
    async with running() as world:
        reader, writer = await asyncio.open_connection("127.0.0.1", world.agentd.port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: b\r\n\r\n".encode())
        assert (await reader.readline()).split()[1] == str(status).encode()
        await reader.readuntil(b"\r\n\r\n")
        assert await reader.readexactly(len(body)) == body
        writer.close()


async def test_the_port_tells_the_backends_health() -> None:
    """The agents' port gives the same health as the API, and hangs up after it."""
    async with running() as world:
        reader, writer = await asyncio.open_connection("127.0.0.1", world.agentd.port)
        writer.write(b"GET /health?timeout=1 HTTP/1.1\r\nHost: b\r\n\r\n")
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert body == b'{"ClusterHealth":[]}'
        writer.close()


async def test_many_agents_connect_at_once() -> None:
    """A hundred agents that come together are all let in and told of their entities."""
    async with running() as world:
        agents = await asyncio.gather(*(FakeAgent.connect(world.url, f"a{number}") for number in range(100)))
        for agent in agents:
            await agent.config("not found")
        assert world.metric("sensu_go_agent_sessions", namespace="default") == 100
        assert world.metric("sensu_go_websocket_upgrade_duration_count") == 100
        await asyncio.gather(*(agent.close() for agent in agents))


async def test_an_entity_of_another_kind_of_record_is_no_matter() -> None:
    """Changes of entities without a connected agent do nothing."""
    async with running() as world, world.agent() as agent:
        await agent.config()
        world.records.put_entity("someone-else", "linux")
        world.records.put(ENTITY, "default", "someone-else", None)
        world.records.put_entity("a1", "linux")
        await agent.config("a1")
        assert [config.metadata.name for config in agent.configs] == ["not found", "a1"]


async def test_agents_that_connect_too_fast_are_asked_to_wait() -> None:
    """Beyond the burst, handshakes get 429 before their password is checked, and are let in at the steady rate."""
    clock = VirtualClock()
    async with running(TokenBucket(rate_per_s=0.5, burst=2, clock=clock)) as world:
        async with world.agent("a1"), world.agent("a2"):
            for password in ("P@ssw0rd!", "wrong"):
                with pytest.raises(NotConnected) as caught:
                    await FakeAgent.connect(world.url, "a3", credentials=("agent", password))
                assert caught.value.outcome == HandshakeRefused(429, "too many agents connect at the same time")
        await clock.advance(2)
        async with world.agent("a3") as agent:
            await agent.config()
        with pytest.raises(NotConnected):
            await FakeAgent.connect(world.url, "a4")
