"""Agents of different workers are agents of one backend."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

from sensu.testing.backend_process import BackendProcess
from sensu.testing.fake_agent import FakeAgent
from tests.workers.world import NAMESPACE, WORKERS, Client, workers_of

AGENTS_MIN = 4


@asynccontextmanager
async def agents_of_each(backend: BackendProcess, word: str) -> AsyncIterator[list[FakeAgent]]:
    """Agents with the subscription `word`, known to the backend, and at least one of them at each worker."""
    async with AsyncExitStack() as stack:
        before, agents = connections(backend), list[FakeAgent]()
        while len(agents) < AGENTS_MIN or len(connections(backend) - before) < WORKERS:
            options: dict[str, Any] = {"subscriptions": [word], "acknowledged": True}
            agent = await FakeAgent.connect(backend.agent_url, f"{word}-{len(agents)}", **options)
            stack.push_async_callback(agent.close)
            agents.append(agent)
        for agent in agents:
            agent.keepalive()
            await agent.config(agent.name)
        yield agents


def connections(backend: BackendProcess) -> Counter[int]:
    """How many agents are connected to each worker."""
    found = Counter[int]()
    for worker in workers_of(backend):
        sockets = worker.net_connections("tcp")
        found[worker.pid] = sum(1 for one in sockets if one.laddr.port == backend.agent_port and one.raddr)
    return found


async def ask(client: Client, *request: Any, **more: Any) -> tuple[int, Any]:
    return await asyncio.get_running_loop().run_in_executor(None, partial(client.ask, *request, **more))


def check(name: str, subscription: str, **more: Any) -> dict[str, Any]:
    config = {"command": "true", "interval": 60, "subscriptions": [subscription], "publish": False}
    return {"metadata": {"name": name, "namespace": "default"}, **config, **more}


def requests_for(agents: Sequence[FakeAgent], name: str) -> Counter[str]:
    return Counter(
        agent.name
        for agent in agents
        for request in agent.requests
        if request.config and request.config.metadata.name == name
    )


async def test_what_is_said_of_an_entity_reaches_its_agent(backend: BackendProcess, each: Sequence[Client]) -> None:
    """A patch of an entity at any worker is told to its agent at any other, which then hears its new subscription."""
    async with agents_of_each(backend, "told") as agents:
        for agent in agents:
            for turn, client in enumerate(each):
                path = f"{NAMESPACE}/entities/{agent.name}"
                patch = {"subscriptions": ["told", f"entity:{agent.name}", f"new-{turn}"]}
                merge = {"Content_Type": "application/merge-patch+json"}
                assert (await ask(client, "PATCH", path, patch, **merge))[0] == 200
                await agent.until(lambda a, t=turn: a.configs and f"new-{t}" in (a.configs[-1].subscriptions or ()))
        await ask(each[0], "PUT", f"{NAMESPACE}/checks/for-new", check("for-new", f"new-{WORKERS - 1}"))
        for client in each:
            assert (await ask(client, "POST", f"{NAMESPACE}/checks/for-new/execute", {}))[0] == 202
        for agent in agents:
            await agent.until(lambda a: requests_for([a], "for-new")[a.name] == WORKERS)


async def test_an_entity_that_is_deleted_ends_the_sessions_of_its_agent(
    backend: BackendProcess, each: Sequence[Client]
) -> None:
    """Wherever an agent is connected, deleting its entity at any worker disconnects it."""
    async with agents_of_each(backend, "deleted") as agents:
        for turn, agent in enumerate(agents):
            path = f"{NAMESPACE}/entities/{agent.name}"
            assert (await ask(each[turn % WORKERS], "DELETE", path))[0] == 204
            await agent.closed()


async def test_round_robin_takes_turns_over_all_workers(backend: BackendProcess, each: Sequence[Client]) -> None:
    """A round robin check asks each agent once before it asks one again, whichever workers they are connected to."""
    async with agents_of_each(backend, "ring") as agents:
        scheduled = check("turns", "ring", round_robin=True, publish=True, interval=1)
        assert (await ask(each[2], "PUT", f"{NAMESPACE}/checks/turns", scheduled))[0] == 201
        async with asyncio.timeout(20):
            while requests_for(agents, "turns").total() < len(agents):  # noqa: ASYNC110 - many agents
                await asyncio.sleep(0.02)
        assert requests_for(agents, "turns") == Counter(agent.name for agent in agents)
        assert (await ask(each[1], "DELETE", f"{NAMESPACE}/checks/turns"))[0] == 204


async def test_a_check_is_asked_of_all_its_agents(backend: BackendProcess, each: Sequence[Client]) -> None:
    """A check that is due, or run on demand at any worker, is asked of the agents of all workers, once each."""
    async with agents_of_each(backend, "everyone") as agents:
        assert (await ask(each[0], "PUT", f"{NAMESPACE}/checks/by-hand", check("by-hand", "everyone")))[0] == 201
        for number, client in enumerate(each, 1):
            assert (await ask(client, "POST", f"{NAMESPACE}/checks/by-hand/execute", {}))[0] == 202
            for agent in agents:
                await agent.until(lambda a, n=number: requests_for([a], "by-hand")[a.name] == n)
        explained = [
            await ask(client, "GET", "/api/sensu/v1/namespaces/default/checks/by-hand/explain") for client in each
        ]
        assert [answer["agents_total"] for _, answer in explained] == [len(agents)] * WORKERS


async def test_a_disabled_user_has_no_agents_anywhere(backend: BackendProcess, each: Sequence[Client]) -> None:
    """Disabling the user of agents at one worker ends their sessions at all of them."""
    user = {"username": "crew", "password": "P@ssw0rd!", "groups": ["system:agents"]}
    assert (await ask(each[0], "PUT", "/api/core/v2/users/crew", user))[0] == 201
    async with AsyncExitStack() as stack:
        agents = []
        for number in range(12):
            agent = await FakeAgent.connect(backend.agent_url, f"crew-{number}", credentials=("crew", "P@ssw0rd!"))
            stack.push_async_callback(agent.close)
            agents.append(agent)
        assert (await ask(each[1], "DELETE", "/api/core/v2/users/crew"))[0] == 204
        await asyncio.gather(*(agent.closed() for agent in agents))
