"""The load of a cluster: what the database and the queues hold, and how much they may."""

from pathlib import Path

from sensu.testing.virtual_clock import VirtualClock
from tests.flows.api_harness import running_api
from tests.flows.test_overview import START, Backend

LOAD = "/api/sensu/v1/load"


async def test_the_load_is_told_with_its_bounds(tmp_path: Path) -> None:
    """Everybody who is signed in sees sizes, queues and bounds; they are read again after two seconds."""
    clock = VirtualClock(START)
    async with running_api(tmp_path, clock=clock) as api:
        backend = Backend(api, clock, await api.token())
        somebody = await backend.user("nina", "checks")
        first = await backend.overview(LOAD, authorization=somebody)
        assert (first["at"], first["started_at"], first["processes"], first["store"]) == (START, START, 1, "sqlite")
        assert first["store_bytes"] > 4096
        assert first["memory_bytes"] > 1_000_000
        bounds = {each["name"]: each for each in first["bounds"]}
        assert {name: each["used_max"] for name, each in bounds.items()} == {
            "deliveries": 100_000,
            "delivery_bytes": 1 << 30,
            "result_bytes": 1 << 30,
            "change_bytes": 1 << 28,
            "audit_entries": 100_000,
        }
        assert bounds["deliveries"] == {"name": "deliveries", "used": 0, "used_max": 100_000, "unit": "entries"}
        await backend.user("otto", "checks")
        assert await backend.overview(LOAD, authorization=somebody) == first
        await clock.advance(2)
        after = {each["name"]: each for each in (await backend.overview(LOAD))["bounds"]}
        assert after["audit_entries"]["used"] > bounds["audit_entries"]["used"]
        assert (await api.call("GET", LOAD)).status == 401
