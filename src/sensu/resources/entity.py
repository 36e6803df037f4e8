"""Entities: the hosts, devices and services that events are about."""

from sensu.resources.metadata import ObjectMeta
from sensu.resources.wire import Wire, always, always_bool, always_int, always_null, always_str
from sensu.resources.wire_numbers import I32, I64

AGENT_CLASS = "agent"
PROXY_CLASS = "proxy"
BACKEND_CLASS = "backend"
SERVICE_CLASS = "service"

MANAGED_BY_LABEL = "sensu.io/managed_by"
DEFAULT_REDACT = (
    "password",
    "passwd",
    "pass",
    "api_key",
    "api_token",
    "access_key",
    "secret_key",
    "private_key",
    "secret",
)


class NetworkInterface(Wire, frozen=True):
    """One network interface of a host; addresses in CIDR form."""

    name: str = ""
    mac: str = ""
    addresses: tuple[str, ...] | None = always_null()


class Network(Wire, frozen=True):
    """A host's network interfaces."""

    interfaces: tuple[NetworkInterface, ...] | None = always_null()


class Process(Wire, frozen=True):
    """A process seen on a host. Agents do not report processes; API clients can."""

    name: str = ""
    pid: I32 = 0
    ppid: I32 = 0
    status: str = ""
    background: bool = False
    running: bool = False
    created: I64 = 0
    memory_percent: float = 0.0
    cpu_percent: float = 0.0


class System(Wire, frozen=True):
    """Facts about a host."""

    hostname: str = ""
    os: str = ""
    platform: str = ""
    platform_family: str = ""
    platform_version: str = ""
    network: Network = always(Network)
    arch: str = ""
    arm_version: I32 = 0
    libc_type: str = always_str()
    vm_system: str = always_str()
    vm_role: str = always_str()
    cloud_provider: str = always_str()
    float_type: str = ""
    processes: tuple[Process, ...] | None = always_null()


class Deregistration(Wire, frozen=True):
    """The handler of the deregistration event."""

    handler: str = ""


class Entity(Wire, frozen=True):
    """A whole entity: its configuration and its state."""

    entity_class: str = always_str()
    system: System = always(System)
    subscriptions: tuple[str, ...] | None = always_null()
    last_seen: I64 = always_int()
    deregister: bool = always_bool()
    deregistration: Deregistration = always(Deregistration)
    user: str = ""
    redact: tuple[str, ...] = ()
    metadata: ObjectMeta = always(ObjectMeta)
    sensu_agent_version: str = always_str()
    keepalive_handlers: tuple[str, ...] = ()


class EntityConfig(Wire, frozen=True):
    """The configuration of an entity (core/v3), which is sent to agents."""

    metadata: ObjectMeta = always(ObjectMeta)
    entity_class: str = always_str()
    user: str = ""
    subscriptions: tuple[str, ...] | None = always_null()
    deregister: bool = always_bool()
    deregistration: Deregistration = always(Deregistration)
    keepalive_handlers: tuple[str, ...] = ()
    redact: tuple[str, ...] = ()


class EntityState(Wire, frozen=True):
    """The observed state of an entity (core/v3)."""

    metadata: ObjectMeta = always(ObjectMeta)
    system: System = always(System)
    last_seen: I64 = always_int()
    sensu_agent_version: str = always_str()
