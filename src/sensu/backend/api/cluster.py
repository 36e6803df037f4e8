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
"""Roles cannot name these resources; a rule must allow all resources (`*`)."""
_TERM = 2
_SIXTEEN_DIGITS = 1 << 60
"""This bit is set in all ids, so that they have 16 hexadecimal digits, which clients' tables expect."""
_MEMBER_ID = re.compile(r"0*[0-9a-fA-F]{1,16}")
TIMEOUT = {"timeout": "Seconds to wait for the store (default: 3)."}
_PEERS = {"peer-addrs": "The peer addresses of the member."}


@dataclass(frozen=True, slots=True)
class Member:
    """A backend as a member of its cluster; `cluster_id` is a UUID."""

    name: str
    cluster_id: str
    client_urls: tuple[str, ...] = ()

    @property
    def id(self) -> int:
        """Its number, which is the same after a restart."""
        return uuid.uuid5(uuid.UUID(self.cluster_id), self.name).int >> 64 | _SIXTEEN_DIGITS

    @property
    def header(self) -> dict[str, int]:
        """The `header` object of responses about the cluster."""
        cluster = uuid.UUID(self.cluster_id).int >> 64 | _SIXTEEN_DIGITS
        return {"cluster_id": cluster, "member_id": self.id, "raft_term": _TERM}


def routes(member: Member, access: Access) -> Iterator[Route]:
    """The routes of the cluster's id and its members."""
    endpoint = ClusterEndpoint(member, access)
    yield Route("GET", f"{CORE}/cluster/id", endpoint.identifier, media_type=TEXT)
    yield Route("GET", f"{CORE}/cluster/members", endpoint.members, media_type=TEXT, queries=TIMEOUT)
    yield Route("POST", f"{CORE}/cluster/members", endpoint.add, media_type=TEXT, queries=_PEERS)
    yield Route("PUT", f"{CORE}/cluster/members/{{id}}", endpoint.update, media_type=TEXT, queries=_PEERS)
    yield Route("DELETE", f"{CORE}/cluster/members/{{id}}", endpoint.remove, media_type=TEXT)


class ClusterEndpoint:
    """Handles requests about the cluster. Backends join and leave by themselves, so members cannot be changed here."""

    def __init__(self, member: Member, access: Access) -> None:
        self._member = member
        self._access = access

    async def identifier(self, request: Request) -> Response:
        """Show the id of the cluster."""
        return self._denied(request, "get") or text(encode(self._member.cluster_id))

    async def members(self, request: Request) -> Response:
        """List the members of the cluster."""
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
        return text("members cannot be added: a backend joins when it is started with the same database\n", status=400)

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
            return text("members cannot be removed: a backend leaves when it is stopped\n", status=400)
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
    """The `timeout` parameter in seconds, None if it is not a number."""
    value = request.parameter("timeout")
    if not value:
        return default_s
    try:
        return int(value)
    except ValueError:
        return None


def bad_timeout(request: Request) -> Response:
    """The response to a `timeout` that is not a number."""
    return text(f'invalid timeout "{request.parameter("timeout")}": it must be a number of seconds\n', status=400)
