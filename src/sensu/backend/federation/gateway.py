"""Asks the other clusters of the federation on behalf of callers, who may there do what their roles there allow."""

import asyncio
import contextlib
import ssl
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sensu.backend.auth.identity import Identity
from sensu.backend.auth.records import Records
from sensu.backend.auth.tokens import Tokens
from sensu.clock import Clock
from sensu.errors import SensuError
from sensu.resources.federation import FederatedCluster
from sensu.resources.kinds import CLUSTER
from sensu.rules.gateway import order_of, returned_headers, token_refused
from sensu.rules.web_urls import is_loopback
from sensu.tls import client_context, file_problem

if TYPE_CHECKING:
    import aiohttp

CONNECT_S = 3.0
READ_S, WRITE_S = 10.0, 60.0
"""How long the beginning of an answer may take."""
IDLE_S = 60.0
"""How long an answer may pause; live streams send something every 15 s."""
OF_A_CLUSTER_MAX = 64
"""How many requests and streams of a cluster are open at the same time; further ones are refused."""
NO_KEYS = (
    "other clusters cannot be asked: set jwt-private-key-file and jwt-public-key-file to the keys of the federation"
)
STREAM = "text/event-stream"
_READS = ("GET", "HEAD")


class ClusterUnavailable(SensuError):
    """A cluster cannot be asked; the message says why and can be sent to the client."""


class ClusterLate(ClusterUnavailable):
    """A cluster did not answer in time."""


class ClusterBusy(ClusterUnavailable):
    """Too many requests of the cluster are open."""


class NotPassedOn(SensuError):
    """The caller cannot ask another cluster through this one."""


@dataclass(frozen=True, slots=True)
class ClusterRequest:
    """A request for another cluster: `target` is its encoded path with the query."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes | None = None


class GatewayAnswer:
    """An answer whose body is read as it comes; names of headers are in lower case."""

    def __init__(self, response: "aiohttp.ClientResponse", cluster: str) -> None:
        self.status = response.status
        self.headers = returned_headers({name.lower(): value for name, value in response.headers.items()})
        self.length = response.content_length
        self._response, self._cluster = response, cluster

    async def parts(self) -> AsyncGenerator[bytes]:
        """The parts of the body; raises ClusterUnavailable."""
        import aiohttp  # noqa: PLC0415 - it is loaded already

        try:
            async for part in self._response.content.iter_any():
                yield part
        except (aiohttp.ClientError, OSError) as err:
            raise ClusterUnavailable(f"the answer of the cluster {self._cluster} broke off") from err

    async def body(self, bytes_max: int) -> bytes:
        """The whole body; raises ClusterUnavailable, also if it is larger."""
        found = bytearray()
        async with contextlib.aclosing(self.parts()) as parts:
            async for part in parts:
                found += part
                if len(found) > bytes_max:
                    why = f"the answer of the cluster {self._cluster} has more than {bytes_max} bytes"
                    raise ClusterUnavailable(f"{why}: ask for a page of it")
        return bytes(found)


class Gateway:
    """Asks the clusters that are registered here, at their stored URLs and no other."""

    def __init__(self, records: Records, tokens: Tokens, clock: Clock, trusted_ca_file: str = "") -> None:
        """`trusted_ca_file` has the authorities for clusters that name none."""
        self._records, self._tokens, self._clock = records, tokens, clock
        self._trusted_ca_file = trusted_ca_file
        self._sessions: dict[bool, aiohttp.ClientSession] = {}
        self._contexts: dict[tuple[str, bool], tuple[float, ssl.SSLContext]] = {}
        self._answered: dict[str, str] = {}
        self._open: Counter[str] = Counter()
        self._streams: set[aiohttp.ClientResponse] = set()

    def clusters(self) -> Sequence[FederatedCluster]:
        """The other clusters, by name."""
        return self._records.list(CLUSTER, None)

    def get(self, name: str) -> FederatedCluster | None:
        """The cluster of a name."""
        found: FederatedCluster | None = self._records.get(CLUSTER, "", name)
        return found

    @contextlib.asynccontextmanager
    async def asked(
        self, caller: Identity, cluster: FederatedCluster, request: ClusterRequest
    ) -> AsyncIterator[GatewayAnswer]:
        """The answer of a cluster; raises NotPassedOn and ClusterUnavailable."""
        name = cluster.metadata.name
        if caller.is_of_other_cluster:
            raise NotPassedOn("users of another cluster cannot ask a third one through this cluster")
        token = self._tokens.for_other_cluster(caller)
        if token is None:
            raise ClusterUnavailable(NO_KEYS)
        headers = {**request.headers, "Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}
        async with contextlib.AsyncExitStack() as stack:
            stack.enter_context(self._counted(name))
            response = await self._first_answer(cluster, request, headers)
            stack.callback(response.close)
            if response.status == 401:
                raise ClusterUnavailable(token_refused(name, self._apart_s(response)))
            if response.content_type == STREAM:
                self._streams.add(response)
                stack.callback(self._streams.discard, response)
            yield GatewayAnswer(response, name)

    def end_streams(self) -> None:
        """End the answers that have no end, because this backend stops."""
        for response in tuple(self._streams):
            response.close()

    async def close(self) -> None:
        """Close all connections."""
        sessions, self._sessions = self._sessions, {}
        for session in sessions.values():
            await session.close()

    @contextlib.contextmanager
    def _counted(self, name: str) -> Iterator[None]:
        if self._open[name] >= OF_A_CLUSTER_MAX:
            raise ClusterBusy(f"{OF_A_CLUSTER_MAX} requests to the cluster {name} are open, try again")
        self._open[name] += 1
        try:
            yield
        finally:
            self._open[name] -= 1
            if not self._open[name]:
                del self._open[name]

    async def _first_answer(
        self, cluster: FederatedCluster, request: ClusterRequest, headers: Mapping[str, str]
    ) -> "aiohttp.ClientResponse":
        """The answer of the first URL that can be reached; what may have been executed is not asked for again."""
        import aiohttp  # noqa: PLC0415 - only gateways need it

        name, whys = cluster.metadata.name, list[str]()
        late = False
        for url in order_of(cluster.api_urls or (), self._answered.get(name, "")):
            try:
                response = await self._request(cluster, url, request, headers)
            except (aiohttp.ClientError, OSError, ValueError) as err:
                late = isinstance(err, TimeoutError)
                whys.append(f"{url} did not answer in time" if late else await self._why(err, url, cluster))
                unsent = isinstance(err, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
                if request.method not in _READS and not unsent:
                    break
            else:
                self._answered[name] = url
                return response
        why = "; ".join(whys) or "none of its URLs begins with https://"
        raise (ClusterLate if late else ClusterUnavailable)(f"the cluster {name} cannot be asked: {why}")

    async def _request(
        self, cluster: FederatedCluster, url: str, request: ClusterRequest, headers: Mapping[str, str]
    ) -> "aiohttp.ClientResponse":
        from yarl import URL  # noqa: PLC0415 - only gateways need it

        limit_s = READ_S if request.method in _READS else WRITE_S
        async with asyncio.timeout(limit_s):
            return await self._session(urlsplit(url).hostname or "").request(
                request.method,
                URL(url + request.target, encoded=True),
                headers=headers,
                data=request.body,
                ssl=await self._context(cluster),
                allow_redirects=False,
            )

    def _session(self, host: str) -> "aiohttp.ClientSession":
        """The connections: with the environment's proxy, or without it for this host."""
        import aiohttp  # noqa: PLC0415 - only gateways need it

        uses_proxy = not is_loopback(host)
        if uses_proxy not in self._sessions:
            limits = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=IDLE_S)
            self._sessions[uses_proxy] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                timeout=limits,
                trust_env=uses_proxy,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._sessions[uses_proxy]

    async def _context(self, cluster: FederatedCluster) -> ssl.SSLContext:
        """The TLS context for a cluster, made again when the file of its authorities was replaced."""
        file = "" if cluster.insecure else cluster.ca_cert or self._trusted_ca_file

        def made() -> ssl.SSLContext:
            changed_at = Path(file).stat().st_mtime if file else 0.0
            known = self._contexts.get((file, cluster.insecure))
            if known is None or known[0] != changed_at:
                known = (changed_at, client_context(file, insecure_skip_verify=cluster.insecure))
                self._contexts[file, cluster.insecure] = known
            return known[1]

        try:
            return await asyncio.to_thread(made)
        except OSError as err:
            why = f"the certificates {file} cannot be used: {file_problem(err)}"
            raise ClusterUnavailable(f"the cluster {cluster.metadata.name} cannot be asked: {why}") from err

    async def _why(self, err: Exception, url: str, cluster: FederatedCluster) -> str:
        from sensu.execution.download_failure import failure  # noqa: PLC0415 - it loads aiohttp

        context = await self._context(cluster)
        return f"{url} cannot be reached: {(await asyncio.to_thread(failure, err, url, context)).why}"

    def _apart_s(self, response: Any) -> float:
        """How far the clock of a server is ahead of ours, 0 if it does not say."""
        with contextlib.suppress(ValueError, TypeError):
            return parsedate_to_datetime(response.headers.get("date", "")).timestamp() - self._clock.now()
        return 0.0
