"""A cable between an agent and a backend that a test can pull: a TCP proxy on the loopback interface."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Cable:
    """Passes bytes on both ways while it is plugged in.

    Pulled, it swallows what comes without a word, and new connections are not answered, as behind a dead switch.
    """

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._plugged = asyncio.Event()
        self._plugged.set()
        self.connections = 0
        self.port = 0

    def pull(self) -> None:
        """From now on nothing passes; connections of this moment never pass anything again."""
        self._plugged.clear()

    def plug_in(self) -> None:
        """New connections pass."""
        self._plugged.set()

    def cut(self) -> None:
        """End all connections of this moment with a reset."""
        for task in self._tasks:
            task.cancel()

    async def listen(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_writer: asyncio.StreamWriter | None = None
        try:
            await self._plugged.wait()
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass_on(reader, far_writer))
                group.create_task(self._pass_on(far_reader, writer))
        except* (OSError, asyncio.CancelledError):
            pass
        finally:
            for one in (writer, far_writer):
                if one is not None:
                    one.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        was_pulled = False
        while data := await reader.read(65536):
            was_pulled = was_pulled or not self._plugged.is_set()
            if not was_pulled:
                writer.write(data)
                await writer.drain()
        raise ConnectionResetError


@contextlib.asynccontextmanager
async def cable_to(port: int) -> AsyncIterator[Cable]:
    """A cable that is plugged in and leads to a port of the loopback interface."""
    cable = Cable(port)
    await cable.listen()
    try:
        yield cable
    finally:
        await cable.close()
