"""Reads and writes the resources of another cluster over its API."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from sensu.backend.outgoing import ServerAnswer, ServerOutOfReach, asked, json_of
from sensu.resources.federation import EtcdReplicator
from sensu.resources.kinds import Kind
from sensu.rules.replication import urls_of
from sensu.tls import client_context

LIMIT_S = 10.0
"""How long an answer may take."""
PAGE = 50
"""How many resources a page of a list has; pages are limited to 1 MiB, and lists to `PAGES_MAX` pages."""
PAGES_MAX = 10_000
KEY_BYTES_MAX = 128
_KEY = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class OtherCluster:
    """The API of another cluster, at the first of its URLs that answers; all methods raise ServerOutOfReach."""

    def __init__(self, replicator: EtcdReplicator, trusted_ca_file: str) -> None:
        """`trusted_ca_file` is for a replicator that names no authorities."""
        self._urls = urls_of(replicator)
        self._key_file = replicator.api_key_file
        self._context = cache(lambda: _context_of(replicator, trusted_ca_file))
        self._headers: dict[str, str] = {}

    async def open(self) -> None:
        """Find a URL that answers."""
        self._headers = {"Authorization": f"Key {await asyncio.to_thread(_key_in, self._key_file)}"}
        whys = []
        for url in self._urls:
            try:
                answer = await asked("GET", f"{url}/health", self._tls_for(url), LIMIT_S)
            except ServerOutOfReach as err:
                whys.append(str(err))
                continue
            if answer.status == 200:
                self._urls = (url,)
                return
            whys.append(f"{url} answered {answer.status}")
        raise ServerOutOfReach("; ".join(whys))

    async def resources(self, kind: Kind, namespace: str) -> AsyncIterator[Mapping[str, Any]]:
        """The resources of a kind, of one namespace or of all (empty)."""
        after = ""
        for _ in range(PAGES_MAX):
            query = {"limit": PAGE, **({"continue": after} if after else {})}
            answer = await self._request("GET", f"{kind.path(quote(namespace))}?{urlencode(query)}")
            found = json_of(answer)
            if answer.status != 200 or not isinstance(found, list):
                raise ServerOutOfReach(f"{self._urls[0]}: the {kind.plural} cannot be listed: {problem_in(answer)}")
            for one in found:
                if isinstance(one, Mapping):
                    yield one
            after = answer.headers.get("sensu-continue", "")
            if not after:
                return
        raise ServerOutOfReach(f"{self._urls[0]} has more than {PAGE * PAGES_MAX} {kind.plural}")

    async def put(self, kind: Kind, place: tuple[str, str], document: Mapping[str, Any], *, is_new: bool) -> str:
        """Create or replace a resource; returns what was wrong, empty if nothing was."""
        headers = {"If-None-Match": "*"} if is_new else {}
        answer = await self._request("PUT", _path(kind, place), document, headers)
        return "" if answer.status in (200, 201) else problem_in(answer)

    async def delete(self, kind: Kind, place: tuple[str, str]) -> str:
        """Delete a resource; returns what was wrong, empty if nothing was."""
        answer = await self._request("DELETE", _path(kind, place))
        return "" if answer.status in (204, 404) else problem_in(answer)

    async def _request(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> ServerAnswer:
        url = self._urls[0]
        sent: dict[str, Any] = {"headers": {**self._headers, "Content-Type": "application/json", **(headers or {})}}
        if body is not None:
            sent["data"] = msgspec.json.encode(body)
        return await asked(method, f"{url}{path}", self._tls_for(url), LIMIT_S, **sent)

    def _tls_for(self, url: str) -> Callable[[], ssl.SSLContext]:
        return self._context if url.startswith("https:") else client_context


def problem_in(answer: ServerAnswer) -> str:
    """Why the other API refused a request."""
    found = json_of(answer)
    message = found.get("message") if isinstance(found, Mapping) else None
    return str(message)[:500] if message else f"the answer was {answer.status}"


def _path(kind: Kind, place: tuple[str, str]) -> str:
    namespace, name = place
    return kind.path(quote(namespace, safe=""), quote(name, safe=""))


def _context_of(replicator: EtcdReplicator, trusted_ca_file: str) -> ssl.SSLContext:
    for file in (replicator.ca_cert, replicator.cert, replicator.key):
        if file:
            Path(file).open("rb").close()  # its error names the file, that of OpenSSL does not
    trusted = replicator.ca_cert or trusted_ca_file
    context = client_context("" if replicator.insecure else trusted, insecure_skip_verify=replicator.insecure)
    if replicator.cert:
        context.load_cert_chain(replicator.cert, replicator.key)
    return context


def _key_in(file: str) -> str:
    """The API key in a file; nothing else in a file of the host is ever sent."""
    try:
        with Path(file).open("rb") as opened:
            found = opened.read(KEY_BYTES_MAX).decode("ascii", "replace").strip()
    except OSError as err:
        why = (err.strerror or str(err)).lower()
        raise ServerOutOfReach(f"api_key_file: {file} cannot be read: {why}") from err
    if _KEY.fullmatch(found) is None:
        raise ServerOutOfReach(f"api_key_file: {file} does not contain an API key")
    return found
