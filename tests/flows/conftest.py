"""The worlds that flow tests play in; `@pytest.mark.world(...)` makes one with other bounds than usual."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import uvloop

from tests.flows.api_harness import RunningApi, running_api
from tests.flows.operator_world import Operator
from tests.flows.pipelined_world import PipelinedWorld
from tests.flows.playbook import Play, Playbook
from tests.flows.services_world import ServicesWorld
from tests.flows.world import World
from tests.stores import ON_POSTGRES, release

collect_ignore_glob = (
    ["test_a_day.py", "test_agent*.py", "test_init.py", "test_api_pipelining.py"] if ON_POSTGRES else []
)
"""Tests without a store of the medium that TEST_STORE names."""


def pytest_runtest_logfinish() -> None:
    """Lets later tests use the tables of this one."""
    release()


@pytest.fixture
def loop_factory(request: pytest.FixtureRequest) -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Deliveries run on the loop that backends run on: the order of their callbacks matters."""
    return uvloop.new_event_loop if "pipelined" in request.fixturenames else None


@pytest.fixture
def chosen(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What the marker `world` of a test says."""
    marker = request.node.get_closest_marker("world")
    return dict(marker.kwargs) if marker else {}


@pytest.fixture
async def world(tmp_path: Path, chosen: dict[str, Any]) -> AsyncIterator[World]:
    """Event intake, keepalives and the scheduler of a backend that runs."""
    async with World.running(tmp_path, **chosen) as running:
        yield running


@pytest.fixture
async def services(tmp_path: Path, chosen: dict[str, Any]) -> AsyncIterator[ServicesWorld]:
    """A world that evaluates service components."""
    async with ServicesWorld.running(tmp_path, **chosen) as running:
        assert isinstance(running, ServicesWorld)
        yield running


@pytest.fixture
def play(world: World) -> Play:
    """Plays the lines of a playbook in the world."""
    return Playbook(world).play


@pytest.fixture
async def pipelined(tmp_path: Path, chosen: dict[str, Any]) -> AsyncIterator[PipelinedWorld]:
    """Deliveries of a backend that runs."""
    async with PipelinedWorld.running(tmp_path, **chosen) as running:
        yield running


@pytest.fixture
async def api(tmp_path: Path, chosen: dict[str, Any]) -> AsyncIterator[RunningApi]:
    """An API that listens."""
    async with running_api(tmp_path, **chosen) as api:
        yield api


@pytest.fixture
async def admin(api: RunningApi) -> str:
    """The Authorization header of a cluster admin."""
    return await api.token()


@pytest.fixture
async def operator(api: RunningApi, admin: str) -> Operator:
    """A cluster admin who is signed in."""
    return Operator(api, admin)
