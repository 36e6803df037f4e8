"""What reaches the handlers of a scenario: calls of its script, TCP connections and UDP datagrams."""

import asyncio
import contextlib
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

POLL_S = 0.02
# What a shell adds to its own environment.
SHELL_VARIABLES = {"PWD", "OLDPWD", "SHLVL", "_"}
# The backend's own words to a handler (an idempotency key, for one) are beside the recorded contract.
OWN_VARIABLES = "SENSU_"

SCRIPT = """#!/bin/sh
kept=$(mktemp -d "{folder}/part.XXXXXX") || exit 1
printf '%s' "$1" > "$kept/name"
env -0 > "$kept/env"
cat > "$kept/stdin"
mv "$kept" "{folder}/call.$(date +%s%N).$$"
"""


@dataclass(frozen=True)
class Arrival:
    """One delivery: to which handler, its bytes, what was added to the environment."""

    handler: str
    data: bytes
    environment: dict[str, str]

    def recorded(self, after_input: int) -> dict[str, Any]:
        """The delivery in the form of the recordings."""
        text = self.data.decode("utf-8", "replace")
        found: dict[str, Any] = {"after_input": after_input, "handler": self.handler}
        try:
            found |= {"json": json.loads(text), "newline": text.endswith("\n")}
        except ValueError:
            found["text"] = text
        return {**found, "env": self.environment} if self.environment else found


class HandlerInbox:
    """Collects deliveries below a folder; `script` is what handlers call."""

    def __init__(self, folder: Path, base_environment: dict[str, str]) -> None:
        self.script = folder / "h.sh"
        self.tcp_port = 0
        self.udp_port = 0
        self._kept = folder / "kept"
        self._base = base_environment
        self._seen: set[str] = set()
        self._arrived: list[Arrival] = []
        self._server: asyncio.Server | None = None
        self._datagrams: asyncio.DatagramTransport | None = None

    async def __aenter__(self) -> "HandlerInbox":
        self._kept.mkdir(parents=True)
        self.script.write_text(SCRIPT.format(folder=self._kept), encoding="utf-8")
        self.script.chmod(0o755)
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.tcp_port = int(self._server.sockets[0].getsockname()[1])
        loop = asyncio.get_running_loop()
        self._datagrams, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self._arrived), ("127.0.0.1", 0))
        self.udp_port = int(self._datagrams.get_extra_info("sockname")[1])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        if self._datagrams is not None:
            self._datagrams.close()

    def arrived(self) -> list[Arrival]:
        """All deliveries so far in the order in which they were complete."""
        for name in sorted(entry.name for entry in os.scandir(self._kept) if entry.name.startswith("call.")):
            if name not in self._seen:
                self._seen.add(name)
                self._arrived.append(self._call(self._kept / name))
        return self._arrived

    async def silence(self, quiet_s: float, at_least: int, patience_s: float) -> None:
        """Returns when nothing has arrived for `quiet_s`.

        Before that it waits up to `patience_s` for `at_least` deliveries in all.
        """
        start = changed = time.monotonic()
        count = len(self.arrived())
        while True:
            await asyncio.sleep(POLL_S)
            now = time.monotonic()
            if len(self.arrived()) != count:
                count, changed = len(self._arrived), now
            waited = count >= at_least or now - start >= patience_s
            if waited and now - changed >= quiet_s:
                return

    def _call(self, folder: Path) -> Arrival:
        pairs = [line.partition("=") for line in (folder / "env").read_text("utf-8", "replace").split("\0") if line]
        added = {
            name: value
            for name, _, value in pairs
            if self._base.get(name) != value and name not in SHELL_VARIABLES and not name.startswith(OWN_VARIABLES)
        }
        return Arrival((folder / "name").read_text("utf-8"), (folder / "stdin").read_bytes(), added)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            self._arrived.append(Arrival("tcp", await reader.read(), {}))
        writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, arrived: list[Arrival]) -> None:
        self._arrived = arrived

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        self._arrived.append(Arrival("udp", data, {}))
