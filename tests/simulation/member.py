"""A simulated process as a member of a cluster: the real membership, over the simulated database and network."""

from typing import Any, cast

from sensu.backend.members.bus import Bus
from sensu.backend.members.membership import ClusterMembership
from sensu.clock import Clock
from sensu.store.coordination import Contact
from tests.simulation.net import Shown, SimListener
from tests.simulation.store import SimStore

PORT = 8082


class SimCertificate:
    """What a start of a member shows to the others, in the place of a key and a certificate."""

    def __init__(self, process: str) -> None:
        self.der = f"certificate of {process}".encode()
        self.server = Shown(self.der)

    def client(self, certificate: bytes) -> Shown:
        """What it shows when it connects."""
        return Shown(self.der)

    def accept(self, certificate: bytes) -> None:
        """The bus compares certificates itself."""


async def joined(process: str, member: str, store: SimStore, clock: Clock) -> ClusterMembership:
    """Join those that share the database, as `sensu.backend.members.membership.joined` does; raises StoreError."""
    certificate, coordination = SimCertificate(process), store.coordination
    await coordination.fence_ended()
    listener, server = cast(Any, SimListener()), cast(Any, certificate.server)
    bus = Bus(coordination.seat, {}, listener, clock, server, lambda seat: found.certificate_of(seat))
    found = ClusterMembership(cast(Any, store), bus, cast(Any, certificate), clock)
    await coordination.join(Contact(member, f"{process}:{PORT}", certificate.der))
    await found.begin()
    return found
