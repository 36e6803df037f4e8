"""The endpoints about the backends of a cluster, in the form of the reference's etcd.

Source: docs, "Cluster API"; recorded scenarios cluster, server-health.
"""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sensu.backend.api.errors import DENIED
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response, text
from sensu.backend.api.router import CORE, TEXT, Route
from sensu.backend.auth.access import Access
from sensu.resources.wire import encode

_NO_WORD = ""
"""Roles have no word for these resources: only those for all resources open them."""
_TERM = 2
_SIXTEEN_DIGITS = 1 << 60
"""Makes every number of 64 bits one of 16 hexadecimal digits, which tables of clients are laid out for."""
_MEMBER_ID = re.compile(r"0*[0-9a-fA-F]{1,16}")
TIMEOUT = {"timeout": "How many seconds the store has to answer, 3 if it is not said."}
_PEERS = {"peer-addrs": "The addresses of the member."}


@dataclass(frozen=True, slots=True)
class Member:
    """A backend as a member of its cluster; `cluster_id` is a UUID."""

    name: str
    cluster_id: str
    client_urls: tuple[str, ...] = ()

    @property
    def id(self) -> int:
        """A number of its own, the same at every start."""
        return uuid.uuid5(uuid.UUID(self.cluster_id), self.name).int >> 64 | _SIXTEEN_DIGITS

    @property
    def header(self) -> dict[str, int]:
        """What answers about the cluster begin with."""
        cluster = uuid.UUID(self.cluster_id).int >> 64 | _SIXTEEN_DIGITS
        return {"cluster_id": cluster, "member_id": self.id, "raft_term": _TERM}


def routes(member: Member, access: Access) -> Iterator[Route]:
    """The identifier and the members."""
    endpoint = ClusterEndpoint(member, access)
    yield Route("GET", f"{CORE}/cluster/id", endpoint.identifier, media_type=TEXT)
    yield Route("GET", f"{CORE}/cluster/members", endpoint.members, media_type=TEXT, queries=TIMEOUT)
    yield Route("POST", f"{CORE}/cluster/members", endpoint.add, media_type=TEXT, queries=_PEERS)
    yield Route("PUT", f"{CORE}/cluster/members/{{id}}", endpoint.update, media_type=TEXT, queries=_PEERS)
    yield Route("DELETE", f"{CORE}/cluster/members/{{id}}", endpoint.remove, media_type=TEXT)


class ClusterEndpoint:
    """The requests on the cluster; members come and go by themselves, so none can be added or changed here."""

    def __init__(self, member: Member, access: Access) -> None:
        self._member = member
        self._access = access

    async def identifier(self, request: Request) -> Response:
        """The cluster's identifier."""
        return self._denied(request, "get") or text(encode(self._member.cluster_id))

    async def members(self, request: Request) -> Response:
        """The backends of the cluster."""
        denied = self._denied(request, "list")
        if denied is not None:
            return denied
        if timeout_of(request) is None:
            return bad_timeout(request)
        return text(encode(self._document()))

    async def add(self, request: Request) -> Response:
        """Refused."""
        denied = self._denied(request, "create")
        if denied is not None:
            return denied
        if not request.parameter("peer-addrs"):
            return _missing_addresses()
        return text("a backend joins by itself when it is started with the same database\n", status=400)

    async def update(self, request: Request) -> Response:
        """Refused."""
        denied = self._denied(request, "update", request.params[0])
        if denied is not None:
            return denied
        return self._refused(request) if request.parameter("peer-addrs") else _missing_addresses()

    async def remove(self, request: Request) -> Response:
        """Refused."""
        return self._denied(request, "delete", request.params[0]) or self._refused(request)

    def _refused(self, request: Request) -> Response:
        given = request.params[0]
        if _MEMBER_ID.fullmatch(given) is None:
            return text(f"bad id ({given}): it must be a hexadecimal number of 64 bits\n", status=400)
        if int(given, 16) == self._member.id:
            return text("a backend leaves by itself when it is stopped\n", status=400)
        return text("etcdserver: member not found\n", status=404)

    def _denied(self, request: Request, verb: str, name: str = "") -> Response | None:
        return None if self._access.allows(request.caller, verb, _NO_WORD, name=name) else DENIED

    def _document(self) -> dict[str, Any]:
        member = self._member
        one = {"ID": member.id, "name": member.name, "peerURLs": [], "clientURLs": list(member.client_urls)}
        return {"header": member.header, "members": [one]}


def _missing_addresses() -> Response:
    return text("missing peer-addrs form value\n", status=400)


def timeout_of(request: Request, default_s: int = 3) -> int | None:
    """The `timeout` parameter in seconds, None where it is no number."""
    value = request.parameter("timeout")
    if not value:
        return default_s
    try:
        return int(value)
    except ValueError:
        return None


def bad_timeout(request: Request) -> Response:
    """The answer to a `timeout` that is no number."""
    return text(f'invalid timeout "{request.parameter("timeout")}": it must be a number of seconds\n', status=400)
