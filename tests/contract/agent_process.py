"""Our `sensu-agent` as a process that talks to a fake backend, and its local ports."""

import asyncio
import contextlib
import json
import re
import shlex
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sensu.testing.ports import free_ports
from tests.contract.compare import Json
from tests.contract.processes import Program, environment

FLAG = re.compile(r"--[a-z][a-z0-9-]*")
LIST_IN_TEXT = re.compile(r"this list: (\[.*\])", re.DOTALL)
LOCAL_START_TIMEOUT_S = 15.0


@dataclass(frozen=True)
class Agent:
    """A running agent and the ports of its local interfaces."""

    program: Program
    api_port: int
    socket_port: int
    statsd_port: int

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.api_port}"


@contextlib.asynccontextmanager
async def running_agent(
    folder: Path, backend_urls: Sequence[str], arguments: Sequence[str], env: dict[str, str] | None = None
) -> AsyncIterator[Agent]:
    """Our agent, named ag1 unless the arguments name it, its cache below `folder`; ended on leaving."""
    api_port, socket_port, statsd_port = free_ports(3)
    argv = ["start"]
    if "--name" not in arguments:
        argv += ["--name", "ag1"]
    if "--backend-url" not in arguments:
        for url in backend_urls:
            argv += ["--backend-url", url]
    argv += ["--cache-dir", str(folder / "cache"), "--api-port", str(api_port), "--socket-port", str(socket_port)]
    argv += ["--statsd-metrics-port", str(statsd_port), *arguments]
    program = await Program.start("sensu-agent", "sensu.agent.main", argv, folder, environment(folder, env))
    try:
        yield Agent(program, api_port, socket_port, statsd_port)
    finally:
        await program.stop()


def arguments_in(text: str, folder: Path) -> list[str]:
    """The flags that a recording's `before` names; a list it quotes becomes a file after the flag before it."""
    quoted = LIST_IN_TEXT.search(text)
    words = shlex.split(text[: quoted.start()] if quoted else text.partition(";")[0], posix=False)
    arguments: list[str] = []
    for word in words:
        follows_flag = bool(arguments) and arguments[-1].startswith("--")
        if FLAG.fullmatch(word) or (follows_flag and word not in {"and", "with"}):
            arguments.append(word)
        elif follows_flag and quoted:
            path = folder / "list.json"
            path.write_text(quoted.group(1), encoding="utf-8")
            arguments.append(str(path))
    return arguments


def entity_config_frame(entity_config: Json) -> str | None:
    """The frame that answers a connection; none where the recording has null."""
    return None if entity_config is None else "entity_config\n" + json.dumps(entity_config)


NOT_FOUND = {
    "metadata": {"name": "not found", "namespace": "default"},
    "entity_class": "agent",
    "subscriptions": None,
    "deregister": False,
    "deregistration": {},
}


async def local_ports_open(agent: Agent) -> bool:
    """Whether the agent's API accepts connections within the start time-out."""
    deadline = asyncio.get_running_loop().time() + LOCAL_START_TIMEOUT_S
    while asyncio.get_running_loop().time() < deadline and agent.program.exit_status is None:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", agent.api_port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return True
    return False
