"""Requests to servers of others, such as identity providers and Vault, with limits for everything."""

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sensu.errors import InvalidResource, SensuError
from sensu.resources.wire import parse_json
from sensu.rules.web_urls import is_loopback
from sensu.tls import file_problem

BODY_BYTES_MAX = 1024 * 1024


class ServerOutOfReach(SensuError):
    """A server cannot be asked now; the message says why."""


@dataclass(frozen=True, slots=True)
class ServerAnswer:
    """The answer of a server; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"ServerAnswer({self.status})"


def json_of(answer: ServerAnswer) -> Any:
    """The JSON of an answer, None if it is none."""
    with contextlib.suppress(InvalidResource):
        return parse_json(answer.body)
    return None


async def asked(
    method: str, url: str, context: Callable[[], ssl.SSLContext], limit_s: float, **sent: Any
) -> ServerAnswer:
    """The answer to a request, within `limit_s` from the look-up of the host on; raises ServerOutOfReach.

    `context` makes the TLS context, so that certificates on disk can be replaced; `sent` are arguments of aiohttp.
    Redirects are not followed. The environment's proxy is not used for this host.
    """
    import aiohttp  # noqa: PLC0415 - only backends with such servers need it

    from sensu.execution.download_failure import failure  # noqa: PLC0415 - see above

    try:
        tls = await asyncio.to_thread(context)
    except OSError as err:
        name = f" {err.filename}" if err.filename else ""
        raise ServerOutOfReach(
            f"{url} cannot be asked: the certificates{name} cannot be used: {file_problem(err)}"
        ) from err
    try:
        uses_proxy = not is_loopback(urlsplit(url).hostname or "")
        async with (
            asyncio.timeout(limit_s),
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls), trust_env=uses_proxy) as session,
            session.request(method, url, allow_redirects=False, **sent) as response,
        ):
            body = bytearray()
            async for part in response.content.iter_any():
                body += part
                if len(body) > BODY_BYTES_MAX:
                    raise ServerOutOfReach(f"{url} answered with more than {BODY_BYTES_MAX} bytes")
            headers = {name.lower(): value for name, value in response.headers.items()}
            return ServerAnswer(response.status, headers, bytes(body))
    except TimeoutError as err:
        raise ServerOutOfReach(f"{url} did not answer within {limit_s:g} s") from err
    except (aiohttp.ClientError, OSError, ValueError) as err:
        why = (await asyncio.to_thread(failure, err, url, tls)).why
        name = f" (its certificate must be for {sent['server_hostname']})" if "server_hostname" in sent else ""
        raise ServerOutOfReach(f"{url} cannot be reached: {why}{name}") from err
