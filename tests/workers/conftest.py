"""A backend of three workers that the tests of this folder share."""

import asyncio
from collections.abc import Iterator, Sequence

import pytest

from sensu.testing.backend_process import BackendProcess
from tests.workers.world import WORKERS, Client, clients, until, workers_of


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackendProcess]:
    process = BackendProcess(tmp_path_factory.mktemp("workers"))

    async def begin() -> None:
        await process.initialise()
        await process.start(["--workers", str(WORKERS), "--log-level", "info"])

    runner = asyncio.Runner()
    runner.run(begin())
    until(lambda: "ready to accept" in process.log.read_text(), "the workers do not serve")
    assert len(workers_of(process)) == WORKERS
    yield process
    runner.run(process.stop())
    runner.close()


@pytest.fixture
def each(backend: BackendProcess) -> Iterator[Sequence[Client]]:
    """A client of each worker."""
    with clients(backend) as found:
        yield found
