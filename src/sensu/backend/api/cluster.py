"""The endpoints about the backends of a cluster, in the form of the reference's etcd.

Source: docs, "Cluster API"; recorded scenarios cluster, server-health.
"""

import re
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sensu.backend.api.audit import OWN
from sensu.backend.api.errors import DENIED
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response, json, text
from sensu.backend.api.router import CORE, TEXT, Route
from sensu.backend.auth.access import Access
from sensu.backend.membership import MemberStatus
from sensu.backend.services.audit import AuditLog
from sensu.errors import StoreError
from sensu.resources.wire import Wire, encode
from sensu.rules.share import ALL_SLOTS, slot_of

_ALONE = "default"
"""The name of a backend that is alone, as the reference's."""
_NO_WORD = ""
"""Roles cannot name these resources; a rule must allow all resources (`*`)."""
_TERM = 2
_SIXTEEN_DIGITS = 1 << 60
"""This bit is set in all ids, so that they have 16 hexadecimal digits, which clients' tables expect."""
_MEMBER_ID = re.compile(r"0*[0-9a-fA-F]{1,16}")
TIMEOUT = {"timeout": "Seconds to wait for the store (default: 3)."}
_ENTITY = {"entity": "Tell also who processes the events of this entity.", "namespace": "Its namespace."}
_PEERS = {"peer-addrs": "The peer addresses of the member."}


class SlotOwner(Wire, frozen=True):
    """The part of a backend: its slots (each entity belongs to one of 64), and the pending deliveries of these."""

    id: str
    name: str
    slots: tuple[int, ...]
    deliveries_owed: int = 0
    deliveries_owed_bytes: int = 0
    leaving: bool = False


class SlotOwners(Wire, frozen=True):
    """The parts of all backends; `slot` and `owner` are those of the entity that was asked for.

    While a slot moves, nobody owns it.
    """

    members: tuple[SlotOwner, ...]
    slot: int | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """A backend as a member of its cluster; `status` is what is known of one that shares its database."""

    name: str
    id: int
    client_url: str
    status: MemberStatus | None = None

    @property
    def document(self) -> dict[str, Any]:
        """The member as the reference shows it."""
        peers = [self.status.contact.url] if self.status else []
        return {
            "ID": self.id,
            "name": self.name,
            "peerURLs": peers,
            "clientURLs": [self.client_url] if self.client_url else [],
        }


class Members:
    """The backends of a cluster, whose id is a UUID, with the names and numbers by which clients know them."""

    def __init__(
        self,
        cluster_id: str,
        client_url: str = "",
        roster: Callable[[], Sequence[MemberStatus]] = tuple,
        own: int = 0,
        remove: Callable[[int], Awaitable[None]] | None = None,
    ) -> None:
        """`own` is the number of this member in the `roster`, which is empty for a backend that is alone."""
        self.cluster_id = cluster_id
        self._client_url, self._roster, self._own, self._remove = client_url, roster, own, remove

    def all(self) -> Sequence[Member]:
        """All members. Of several backends of a host, all but the first have a number after their name."""
        found: list[Member] = []
        on_host = Counter[str]()
        for status in self._roster():
            host = status.contact.name
            on_host[host] += 1
            name = host if on_host[host] == 1 else f"{host}/{on_host[host]}"
            found.append(Member(name, self._id_of(name), status.contact.client_url, status))
        return found or [Member(_ALONE, self._id_of(_ALONE), self._client_url)]

    def _id_of(self, name: str) -> int:
        """The number of a member, which is the same after a restart."""
        return uuid.uuid5(uuid.UUID(self.cluster_id), name).int >> 64 | _SIXTEEN_DIGITS

    @property
    def own(self) -> Member:
        """The member that answers."""
        members = self.all()
        return next((one for one in members if one.status and one.status.number == self._own), members[0])

    @property
    def header(self) -> dict[str, int]:
        """The `header` object of responses about the cluster."""
        cluster = uuid.UUID(self.cluster_id).int >> 64 | _SIXTEEN_DIGITS
        return {"cluster_id": cluster, "member_id": self.own.id, "raft_term": _TERM}

    async def remove(self, member: Member) -> bool:
        """Ask a member to leave; false if the backend is alone. Raises StoreError."""
        if member.status is None or self._remove is None:
            return False
        await self._remove(member.status.number)
        return True


def routes(members: Members, access: Access, audit: AuditLog) -> Iterator[Route]:
    """The routes of the cluster's id and its members."""
    endpoint = ClusterEndpoint(members, access, audit)
    yield Route("GET", f"{CORE}/cluster/id", endpoint.identifier, media_type=TEXT)
    yield Route("GET", f"{CORE}/cluster/members", endpoint.members, media_type=TEXT, queries=TIMEOUT)
    yield Route("POST", f"{CORE}/cluster/members", endpoint.add, media_type=TEXT, queries=_PEERS)
    yield Route("PUT", f"{CORE}/cluster/members/{{id}}", endpoint.update, media_type=TEXT, queries=_PEERS)
    yield Route("DELETE", f"{CORE}/cluster/members/{{id}}", endpoint.remove, media_type=TEXT)
    yield Route("GET", f"{OWN}/cluster/owners", endpoint.owners, gives=SlotOwners, queries=_ENTITY)


class ClusterEndpoint:
    """Handles requests about the cluster. Backends join by themselves, so members cannot be added here."""

    def __init__(self, members: Members, access: Access, audit: AuditLog) -> None:
        self._members, self._audit = members, audit
        self._access = access

    async def identifier(self, request: Request) -> Response:
        """Show the id of the cluster."""
        return self._denied(request, "get") or text(encode(self._members.cluster_id))

    async def members(self, request: Request) -> Response:
        """List the members of the cluster."""
        denied = self._denied(request, "list")
        if denied is not None:
            return denied
        if timeout_of(request) is None:
            return bad_timeout(request)
        return text(encode(self._document(self._members.all())))

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
        if not request.parameter("peer-addrs"):
            return _missing_addresses()
        found = self._named(request)
        if isinstance(found, Response):
            return found
        return text("members cannot be changed: a backend says itself where others reach it (member-url)\n", status=400)

    async def remove(self, request: Request) -> Response:
        """Ask a member of a cluster to hand over its part of the work and end."""
        denied = self._denied(request, "delete", request.params[0])
        if denied is not None:
            return denied
        found = self._named(request)
        if isinstance(found, Response):
            return found
        try:
            if found.status is not None:
                await self._audit.member_removed(request.caller, found.name)
            if await self._members.remove(found):
                return text(encode(self._document([one for one in self._members.all() if one.id != found.id])))
        except StoreError as err:
            return text(f"{err}\n", status=503)
        return text("members cannot be removed: a backend leaves when it is stopped\n", status=400)

    def _named(self, request: Request) -> Member | Response:
        """The member that a request names by its number."""
        given = request.params[0]
        if _MEMBER_ID.fullmatch(given) is None:
            return text(f"bad id ({given}): it must be a hexadecimal number of 64 bits\n", status=400)
        found = [one for one in self._members.all() if one.id == int(given, 16)]
        return found[0] if found else text("etcdserver: member not found\n", status=404)

    async def owners(self, request: Request) -> Response:
        """Tell which backend processes which part of the entities, and the owner of one entity."""
        denied = self._denied(request, "list")
        if denied is not None:
            return denied
        members = [owner_of(member) for member in self._members.all()]
        entity = request.parameter("entity")
        if not entity:
            return json(encode(SlotOwners(tuple(members))))
        slot = slot_of(request.parameter("namespace") or "default", entity)
        owner = next((one.name for one in members if slot in one.slots), "")
        return json(encode(SlotOwners(tuple(members), slot, owner)))

    def _denied(self, request: Request, verb: str, name: str = "") -> Response | None:
        return None if self._access.allows(request.caller, verb, _NO_WORD, name=name) else DENIED

    def _document(self, members: Sequence[Member]) -> dict[str, Any]:
        return {"header": self._members.header, "members": [member.document for member in members]}


def owner_of(member: Member) -> SlotOwner:
    """The part of a member; one that is alone has all."""
    status = member.status
    if status is None:
        return SlotOwner(f"{member.id:x}", member.name, tuple(sorted(ALL_SLOTS)))
    slots = tuple(sorted(status.slots))
    return SlotOwner(f"{member.id:x}", member.name, slots, status.owed.count, status.owed.bytes, status.leaving)


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
