"""Requests of handlers that send over HTTP: waiting events are sent together, over connections that stay open."""

import asyncio
import gzip
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sensu.backend.pipelined.steps.handlers.pools import PoolTools, WaitingEvent
from sensu.backend.pipelined.steps.outcome import Delivered, Outcome, Retry
from sensu.rules.command_output import printable, without
from sensu.tls import client_context

GROUP_MAX, GROUP_BYTES_MAX = 100, 1_000_000
"""The events of one request; further ones wait for this or another connection."""
AT_ONCE_MAX = 50
"""The requests at a time of a handler without a limit of its own."""
PAUSE_MAX_S = 60.0
"""The longest pause that an answer can ask for."""


@dataclass(frozen=True, slots=True)
class PostSettings:
    """The settings of a pool; `label` names it in failures, and `url` is where it sends to unless an event says."""

    label: str
    url: str
    headers: Mapping[str, str]
    timeout_s: float
    connections_max: int


class PostPool:
    """The connections of one handler."""

    def __init__(self, settings: PostSettings, tools: PoolTools) -> None:
        self.settings = settings
        self._tools, self._most = tools, settings.connections_max or AT_ONCE_MAX
        self._queue: deque[WaitingEvent] = deque()
        self._session: Any = None
        self._opening = asyncio.Lock()
        self._posting, self._pause_until = 0, 0.0
        self._retired = False

    async def send(self, payload: bytes, url: str = "") -> Outcome:
        """Whether the server has accepted an event, or why its attempt has failed."""
        waiting = WaitingEvent(payload, self._tools.clock.monotonic(), url or self.settings.url)
        self._queue.append(waiting)
        if self._posting < self._most:
            self._posting += 1
            self._tools.begin(self._post_all())
        return await waiting.done

    def retire(self) -> None:
        """Close the connections when nothing waits any more."""
        self._retired = True
        if not self._posting:
            self._tools.begin(self.close())

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def _post_all(self) -> None:
        """Send requests while events wait."""
        group: list[WaitingEvent] = []
        try:
            while group := self._group():
                pause_s = self._pause_until - self._tools.clock.monotonic()
                if pause_s > 0:
                    await self._tools.clock.sleep(pause_s)
                outcome = await self._outcome(group)
                for each in group:
                    each.settle(outcome)
        except Exception as err:
            why = without(f"{type(err).__name__}: {err}", [each.url for each in group])
            for each in group:
                each.settle(Retry(f"{self.settings.label}: {why}"))
        finally:
            self._posting -= 1
        if self._retired and not self._posting:
            await self.close()

    def _group(self) -> list[WaitingEvent]:
        """The next events for one URL, without those that nobody waits for any more."""
        group, size = list[WaitingEvent](), 0
        while self._queue and len(group) < GROUP_MAX and (not group or size < GROUP_BYTES_MAX):
            if group and self._queue[0].url != group[0].url:
                break
            each = self._queue.popleft()
            if not each.done.done():
                group.append(each)
                size += len(each.payload)
        return group

    async def _outcome(self, group: list[WaitingEvent]) -> Outcome:
        import aiohttp  # noqa: PLC0415 - only handlers that send over HTTP need it

        body = await asyncio.to_thread(gzip.compress, b"".join(each.payload for each in group), 1)
        headers = {**self.settings.headers, "Content-Encoding": "gzip"}
        try:
            session = await self._opened()
            async with session.post(group[0].url, data=body, headers=headers, allow_redirects=False) as response:
                status, asked = response.status, response.headers.get("Retry-After", "")
        except TimeoutError:
            return Retry(f"{self.settings.label}: no answer within {self.settings.timeout_s:g} s")
        except (aiohttp.ClientError, OSError, ValueError) as err:
            why = printable(without(str(err) or type(err).__name__, [group[0].url]))
            return Retry(f"{self.settings.label}: {why}")
        if 200 <= status < 300:
            return Delivered()
        if asked.isdigit():
            self._pause_until = self._tools.clock.monotonic() + min(float(asked), PAUSE_MAX_S)
        return Retry(f"{self.settings.label}: status {status}")

    async def _opened(self) -> Any:
        """The session with the connections; raises OSError for files of authorities that cannot be used."""
        import aiohttp  # noqa: PLC0415 - only handlers that send over HTTP need it

        async with self._opening:
            if self._session is None:
                context = await asyncio.to_thread(client_context, self._tools.trusted_ca_file)
                self._session = aiohttp.ClientSession(
                    connector=aiohttp.TCPConnector(limit=self._most, ssl=context),
                    timeout=aiohttp.ClientTimeout(total=self.settings.timeout_s),
                    trust_env=True,
                )
            return self._session
