"""Three backends on one database: what one answered holds at all, and another goes on when one is lost."""

import asyncio
import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from sensu.rules.share import slot_of
from sensu.testing.backend_process import PASSWORD, BackendProcess
from tests.cluster.world import MEMBERS, NAMESPACE, Cluster, Reporter, event_of, until
from tests.faults.agent_process import AgentProcess

pytestmark = [pytest.mark.slow, pytest.mark.alone]

ENTITIES = [f"web{number}" for number in range(24)]
MOVED_WITHIN_S = 12.0
"""How long a slot is without an owner after its owner was lost, and nobody started it again."""


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as found:
        yield found


@pytest.fixture(scope="module")
def cluster(runner: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    found = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        runner.run(found.start())
        yield found
    finally:
        runner.run(found.stop())


def test_events_are_the_same_at_all_members(runner: asyncio.Runner, cluster: Cluster) -> None:
    """An event that one member took can be read at all others, and counts on wherever the next one comes in."""

    async def scene() -> None:
        assert len({slot_of("default", name) % MEMBERS for name in ENTITIES}) == MEMBERS
        for turn in range(3):
            for number, name in enumerate(ENTITIES):
                backend = cluster.backends[(number + turn) % MEMBERS]
                status, said = await cluster.ask(backend, "POST", f"{NAMESPACE}/events", event_of(name, str(turn)))
                assert status == 201, said
        for backend in cluster.backends:
            for name in ENTITIES:
                status, event = await cluster.ask(backend, "GET", f"{NAMESPACE}/events/{name}/http")
                assert (status, event["check"]["occurrences"], event["check"]["output"]) == (200, 3, "2")

    runner.run(scene())


def test_a_log_out_holds_everywhere(runner: asyncio.Runner, cluster: Cluster) -> None:
    """The token of a log-in opens all members at once, and none of them once its log-out was answered."""

    async def scene() -> None:
        for turn in range(12):
            first, *others = cluster.backends[turn % MEMBERS :] + cluster.backends[: turn % MEMBERS]
            _, tokens = await cluster.log_in(first)
            token = tokens["access_token"]
            asked = [cluster.ask(one, "GET", f"{NAMESPACE}/checks", token=token) for one in (first, *others)]
            assert [status for status, _ in await asyncio.gather(*asked)] == [200] * MEMBERS
            refreshing = {"refresh_token": tokens["refresh_token"]}
            status, _ = await cluster.ask(first, "POST", "/auth/logout", refreshing, token=token)
            assert status < 300
            asked = [cluster.ask(one, "GET", f"{NAMESPACE}/checks", token=token) for one in (first, *others)]
            assert [status for status, _ in await asyncio.gather(*asked)] == [401] * MEMBERS

    runner.run(scene())


def test_a_change_is_heard_by_all(runner: asyncio.Runner, cluster: Cluster) -> None:
    """A user that was created at one member logs in at the others at once, and with a new password as soon as it is."""

    async def scene() -> None:
        a, b, c = cluster.backends
        for turn in range(5):
            user = {"username": f"u{turn}", "password": PASSWORD, "groups": ["dev"]}
            status, said = await cluster.ask(a, "PUT", f"/api/core/v2/users/u{turn}", user)
            assert status in (200, 201), said
            assert [(await cluster.log_in(backend, f"u{turn}"))[0] for backend in (b, c)] == [200, 200]

    runner.run(scene())


def test_changes_of_events_are_streamed_from_all_members(runner: asyncio.Runner, cluster: Cluster) -> None:
    """A client that watches events at one member hears of those of all entities, whichever member owns them."""

    async def scene() -> None:
        first, *others = cluster.backends
        wanted = {f"watched{number}" for number in range(12)}
        watching = asyncio.create_task(cluster.watched(first, f"{NAMESPACE}/events", wanted))
        await cluster.until_watched(first)
        for number, name in enumerate(sorted(wanted)):
            status, _ = await cluster.ask(others[number % 2], "POST", f"{NAMESPACE}/events", event_of(name, "0"))
            assert status == 201
        assert await asyncio.wait_for(watching, 15) == wanted

    runner.run(scene())


async def lose(cluster: Cluster, lost: BackendProcess, how: signal.Signals) -> None:
    """Report results of many entities while one member is lost, and look at what became of them."""
    left = [backend for backend in cluster.backends if backend is not lost]
    reporters = [Reporter(cluster, f"{how.name.lower()}-{number}") for number in range(12)]
    stopping, asked = asyncio.Event(), list(cluster.backends)
    reporting = [asyncio.ensure_future(one.run(lambda: asked, stopping)) for one in reporters]
    await until(lambda: all(one.taken >= 3 for one in reporters), "no results are taken")
    lost.send_signal(how)
    asked[:] = left
    took_s = await until(lambda: len(cluster.slots()) == MEMBERS - 1 and 0 not in cluster.slots(), "slots do not move")
    assert took_s < MOVED_WITHIN_S
    taken = [one.taken for one in reporters]
    await until(lambda: all(one.taken > before + 2 for one, before in zip(reporters, taken, strict=True)), "no more")
    stopping.set()
    await asyncio.gather(*reporting)
    for one in reporters:
        stored = [await one.occurrences(backend) for backend in left]
        assert stored[0] == stored[1]
        assert one.taken <= stored[0] <= one.taken + one.maybe
        assert one.longest_s < MOVED_WITHIN_S + 5


def test_a_member_that_is_killed(runner: asyncio.Runner, cluster: Cluster) -> None:
    """Its slots are served again within 12 s; nothing that was taken is lost or counted twice; and it can come back."""

    async def scene() -> None:
        lost = cluster.backends[1]
        await lose(cluster, lost, signal.SIGKILL)
        await lost.kill()
        await cluster.begin(lost)
        await cluster.until_spread(MEMBERS)

    runner.run(scene())


def test_service_components_count_everywhere(runner: asyncio.Runner, cluster: Cluster) -> None:
    """A component counts the events of all members, and is evaluated again after one of them is lost."""

    async def until_evaluated(backend: BackendProcess, after: int) -> int:
        """Return when the component was evaluated after a time with the events of all members; when that was."""
        async with asyncio.timeout(40):
            while True:
                status, event = await cluster.ask(backend, "GET", f"{NAMESPACE}/events/shop/all-hosts")
                if status == 200 and event["check"]["executed"] > after:
                    counted = event["metadata"]["annotations"].get("io.sensu.bsm.selected_event_count")
                    if counted == str(len(ENTITIES)):
                        return int(event["check"]["executed"])
                await asyncio.sleep(0.1)

    async def scene() -> None:
        query = [{"type": "fieldSelector", "value": "event.check.name == counted"}]
        rules = [{"template": "aggregate", "name": "all-hosts"}]
        spec = {"services": ["shop"], "interval": 2, "query": query, "rules": rules}
        component = {"type": "ServiceComponent", "api_version": "bsm/v1", "metadata": {"name": "hosts"}, "spec": spec}
        path = "/api/enterprise/bsm/v1/namespaces/default/service-components/hosts"
        assert (await cluster.ask(cluster.backends[0], "PUT", path, component))[0] == 201
        for number, name in enumerate(ENTITIES):
            event = event_of(name, "0")
            event["check"]["metadata"]["name"] = "counted"
            backend = cluster.backends[number % MEMBERS]
            assert (await cluster.ask(backend, "POST", f"{NAMESPACE}/events", event))[0] == 201
        at = [await until_evaluated(backend, 0) for backend in cluster.backends]
        lost = cluster.backends[1]
        await lost.kill()
        await until_evaluated(cluster.backends[0], max(at) + 4)
        await cluster.begin(lost)
        await cluster.until_spread(MEMBERS)

    runner.run(scene())


def test_members_are_listed_and_removed(runner: asyncio.Runner, cluster: Cluster) -> None:
    """All members name the same members, owners and healths; one that is removed hands its part over and ends well."""

    async def scene() -> None:
        first, second, lost = cluster.backends
        lists = [await cluster.ask(one, "GET", "/api/core/v2/cluster/members") for one in cluster.backends]
        members = [json.loads(body)["members"] for _, body in lists]
        assert members[0] == members[1] == members[2]
        assert sorted(one["clientURLs"][0] for one in members[0]) == sorted(one.api_url for one in cluster.backends)
        assert len({one["name"] for one in members[0]}) == len({one["ID"] for one in members[0]}) == MEMBERS
        healths = [json.loads((await cluster.ask(one, "GET", "/health"))[1]) for one in cluster.backends]
        assert {one["MemberID"] for one in healths[0]["ClusterHealth"] if one["Healthy"]} == {
            one["ID"] for one in members[0]
        }
        assert len({health["Header"]["member_id"] for health in healths}) == MEMBERS
        _, owners = await cluster.ask(second, "GET", "/api/sensu/v1/cluster/owners?entity=web1&namespace=default")
        assert sorted(slot for one in owners["members"] for slot in one["slots"]) == list(range(64))
        assert {one["name"] for one in owners["members"] if owners["slot"] in one["slots"]} == {owners["owner"]}
        _, metrics = await cluster.ask(first, "GET", "/metrics")
        assert "sensu_seats 3.0" in metrics
        assert "sensu_slots_owned 64.0" not in metrics  # of this member alone

        (removed,) = (one["ID"] for one in members[0] if one["clientURLs"] == [lost.api_url])
        process = lost._process
        assert process is not None
        path = "/api/core/v2/cluster/members"
        status, left = await cluster.ask(first, "DELETE", f"{path}/{removed:x}")
        assert (status, len(json.loads(left)["members"])) == (200, 2)
        assert (await cluster.ask(first, "DELETE", f"{path}/1234"))[0] == 404
        _, entries = await cluster.ask(first, "GET", "/api/sensu/v1/audit?limit=1")
        assert (entries[0]["action"], entries[0]["type"]) == ("delete", "ClusterMember")
        assert await asyncio.wait_for(process.wait(), 20) == 0
        assert 0 not in cluster.slots()
        await cluster.begin(lost)
        await cluster.until_spread(MEMBERS)

    runner.run(scene())


def test_a_rolling_restart(runner: asyncio.Runner, cluster: Cluster, tmp_path: Path) -> None:
    """Members are restarted one by one: a client needs one more try at most, handlers run once, no alarm is raised."""
    handled = tmp_path / "handled"
    reporters = [Reporter(cluster, f"rolling-{number}", ["note"], pause_s=0.5) for number in range(8)]
    urls = [word for backend in cluster.backends[1:] for word in ("--backend-url", backend.agent_url)]
    keepalive = ["--keepalive-interval", "1", "--keepalive-warning-timeout", "5", "--disable-sockets"]
    agent = AgentProcess(tmp_path / "agent", cluster.backends[0].agent_url, [*urls, *keepalive])

    async def scene() -> None:
        note = {"command": f"cat >/dev/null; sleep 0.3; echo $SENSU_DELIVERY_ID >>{handled}", "type": "pipe"}
        note["metadata"] = {"name": "note", "namespace": "default"}  # type: ignore[assignment]
        assert (await cluster.ask(cluster.backends[0], "PUT", f"{NAMESPACE}/handlers/note", note))[0] == 201
        await agent.start()
        stopping = asyncio.Event()
        reporting = [asyncio.ensure_future(one.run(lambda: cluster.backends, stopping)) for one in reporters]
        for backend in cluster.backends:
            await until(lambda: all(one.taken >= 2 for one in reporters), "no results are taken")
            assert await backend.stop() == 0
            assert 0 not in cluster.slots()
            await cluster.begin(backend)
            await cluster.until_spread(MEMBERS)
        stopping.set()
        await asyncio.gather(*reporting)
        taken = sum(one.taken for one in reporters)
        assert max(one.failed_in_turn for one in reporters) <= 1
        await until(lambda: len(handled.read_text().split()) >= taken, "not all events are handled")
        ids = handled.read_text().split()
        assert len(ids) == len(set(ids)) == taken
        _, event = await cluster.ask(cluster.backends[0], "GET", f"{NAMESPACE}/events/ag1/keepalive")
        assert {one["status"] for one in event["check"]["history"]} == {0}

    try:
        runner.run(scene())
    finally:
        runner.run(agent.stop())


def test_a_member_that_stands_still(runner: asyncio.Runner, cluster: Cluster) -> None:
    """One that is frozen loses its slots; when it wakes up it writes nothing, refuses requests, and ends."""

    async def scene() -> None:
        lost = cluster.backends[2]
        await lose(cluster, lost, signal.SIGSTOP)
        process = lost._process
        assert process is not None
        lost.send_signal(signal.SIGCONT)
        status, _ = await cluster.ask(lost, "POST", f"{NAMESPACE}/events", event_of("frozen", "0"))
        assert status != 201
        assert await asyncio.wait_for(process.wait(), 15) == 1
        assert "start it again" in lost.last_words()
        await lost.kill()
        await cluster.begin(lost)
        await cluster.until_spread(MEMBERS)

    runner.run(scene())
