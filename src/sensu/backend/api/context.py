"""What the endpoints use."""

from dataclasses import dataclass, field

from sensu.backend.api import cluster
from sensu.backend.api.federated_clusters import LocalApi
from sensu.backend.auth.access import Access
from sensu.backend.auth.authenticator import Authenticator
from sensu.backend.auth.oidc.flow import SignOn
from sensu.backend.auth.passwords import Passwords
from sensu.backend.auth.providers import Providers
from sensu.backend.auth.tokens import Tokens
from sensu.backend.federation.all_clusters import AllClusters
from sensu.backend.federation.gateway import Gateway
from sensu.backend.membership import ALONE, NoPeers, Ownership
from sensu.backend.metrics import BackendMetrics
from sensu.backend.ports import DaemonPorts, Peers
from sensu.backend.services.audit import AuditLog
from sensu.backend.services.event_rows import Rows
from sensu.backend.services.history import History
from sensu.backend.services.live_changes import LiveChanges
from sensu.backend.services.live_streams import LiveStreams
from sensu.backend.services.load import LoadBounds
from sensu.backend.services.resources import ScriptCheck
from sensu.backend.services.sealed_values import SealedValues
from sensu.clock import Clock
from sensu.rules.kinds.silenced import NO_LIMITS, SilenceLimits
from sensu.store.contract import Store
from sensu.store.resource_cache import ResourceCache

BODY_BYTES_MAX = 512_000


@dataclass(frozen=True, slots=True)
class ApiContext:
    """What the endpoints use: the store, access control, the daemons, and the backend's own status."""

    store: Store
    access: Access
    authenticator: Authenticator
    passwords: Passwords
    tokens: Tokens
    providers: Providers
    sign_on: SignOn
    sealed: SealedValues
    ports: DaemonPorts
    clock: Clock
    script_problem: ScriptCheck
    metrics: BackendMetrics
    members: cluster.Members
    audit: AuditLog
    feed: LiveChanges
    history: History
    records: ResourceCache
    rows: Rows
    live: LiveStreams
    bounds: LoadBounds
    gateway: Gateway
    clusters: AllClusters
    version: str = ""
    body_bytes_max: int = BODY_BYTES_MAX
    dashboard_url: str = ""
    silence_limits: SilenceLimits = NO_LIMITS
    ownership: Ownership = ALONE
    peers: Peers = field(default_factory=NoPeers)
    local: LocalApi = field(default_factory=LocalApi)
