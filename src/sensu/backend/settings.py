"""The settings of `sensu-backend start` and `init`.

Source: docs, "Backend reference"; flags, variables (`SENSU_BACKEND_…`) and keys are those of the reference. Settings
of etcd are accepted and have no effect, so that existing configuration and unit files continue to work.
"""

import dataclasses
import re
import socket
from dataclasses import dataclass

from sensu.errors import ConfigurationError
from sensu.log import LEVELS
from sensu.rules.share import SLOTS
from sensu.settings import names_of, option
from sensu.store.database_url import target_of

ENVIRONMENT_PREFIX = "SENSU_BACKEND"
_WEB_URL = re.compile(r"https?://[^\s/?#\"'<>]+(?:/[^\s?#\"'<>]*)?")
DURABILITY = ("full", "normal")
DURABILITY_OF_SERVERS = (*DURABILITY, "applied", "remote")


@dataclass(frozen=True)
class CommandSettings:
    """The settings of all commands."""

    config_file: str = option("path to the configuration file", "/etc/sensu/backend.yml", short="c")
    log_level: str = option("minimum level of log messages: panic, fatal, error, warn, info, debug or trace", "warn")


@dataclass(frozen=True)
class BackendSettings(CommandSettings):
    """The settings of a backend; times in seconds, sizes in bytes."""

    state_dir: str = option("directory of the database", "/var/lib/sensu/sensu-backend", short="d")
    cache_dir: str = option("directory of downloaded assets", "/var/cache/sensu/sensu-backend")
    labels: dict[str, str] = option("labels of the backend's own entity", {})
    annotations: dict[str, str] = option("annotations of the backend's own entity", {})
    store: str = option("URL of a PostgreSQL database, postgresql://… (default: a file in the state directory)", "")
    durability: str = option(
        "what a commit survives: full (power loss) or normal (a crash of the program); with --store, also applied or"
        " remote",
        "full",
    )

    agent_host: str = option("address that agents connect to (WebSocket)", "[::]")
    agent_port: int = option("port that agents connect to (WebSocket)", 8081)
    agent_serve_wait_time: float = option("time to wait after startup before accepting agents", 0.0, kind="duration")
    agent_write_timeout: float = option("timeout for writing to an agent", 15.0, kind="duration")
    agent_rate_limit: int = option("maximum new connections of agents per second (0: no limit)", 0)
    agent_burst_limit: int = option("maximum new connections of agents in a burst (0: as many as per second)", 0)
    agent_auth_cert_file: str = option("TLS certificate for the agents' port in PEM format (default: cert-file)", "")
    agent_auth_key_file: str = option("private key of that certificate in PEM format", "")
    agent_auth_trusted_ca_file: str = option("CA certificates for agents' client certificates in PEM format", "")
    agent_auth_crl_urls: tuple[str, ...] = option("URLs of the CAs' certificate revocation lists", ())
    enable_cert_revocation_check: bool = option(
        "refuse agents whose certificates are revoked, by the lists or by OCSP", True
    )

    api_listen_address: str = option("address and port that the API listens on", "[::]:8080")
    api_request_limit: int = option("maximum size of a request body in bytes", 512000)
    api_serve_wait_time: float = option("time to wait after startup before the API answers", 0.0, kind="duration")
    api_write_timeout: float = option("timeout for writing a response", 15.0, kind="duration")
    api_url: str = option("URL at which clients reach the API", "http://localhost:8080")

    dashboard_host: str = option("address that the web UI listens on", "[::]")
    dashboard_port: int = option("port that the web UI listens on (0 disables the web UI)", 3000)
    dashboard_url: str = option("URL of the web UI, as people reach it, for links in alerts (default: none)", "")
    dashboard_cert_file: str = option("TLS certificate for the web UI in PEM format (default: cert-file)", "")
    dashboard_key_file: str = option("private key of that certificate in PEM format", "")
    dashboard_write_timeout: float = option("timeout for writing a response of the web UI", 15.0, kind="duration")

    cert_file: str = option("TLS certificate in PEM format", "")
    key_file: str = option("private key of the TLS certificate in PEM format", "")
    trusted_ca_file: str = option("trusted CA certificates in PEM format", "")
    jwt_private_key_file: str = option("EC private key that signs access tokens, in PEM format", "")
    jwt_public_key_file: str = option("EC public key that verifies access tokens, in PEM format", "")
    access_token_expiry: float = option("how long an access token is valid", 900.0, kind="duration")
    refresh_token_expiry: float = option("how long a refresh token is valid", 43200.0, kind="duration")

    assets_rate_limit: float = option("maximum asset downloads per second", 1.39)
    assets_burst_limit: int = option("maximum asset downloads in a burst", 100)
    secrets_directories: tuple[str, ...] = option("directories that secrets may be read from (FileProvider)", ())
    secrets_env_prefix: str = option("prefix of the variables that secrets may be read from (default: none)", "")
    default_silenced_expiry_time: float = option(
        "how long a silence lasts that names no end (0: until it is deleted)", 0.0, kind="duration"
    )
    max_silenced_expiry_time_allowed: float = option("how long a silence may last (0: no limit)", 0.0, kind="duration")
    require_fips: bool = option("refuse to start unless OpenSSL is in FIPS mode", False)
    deregistration_handler: str = option("default handler for deregistration events of agents", "")
    audit_retention: float = option("how long audit log entries are kept", 7_776_000.0, kind="duration")
    audit_entries_max: int = option("maximum number of audit log entries", 100_000)
    history_retention: float = option("how long results are kept (0: state changes only)", 604_800.0, kind="duration")
    history_bytes_max: int = option("maximum size of all kept results in bytes", 1_073_741_824)
    state_change_retention: float = option("how long state changes are kept", 31_536_000.0, kind="duration")
    state_change_bytes_max: int = option("maximum size of all kept state changes in bytes", 268_435_456)
    event_log_file: str = option("file to which each event is written as a line of JSON (default: none)", "")
    event_log_buffer_size: int = option("maximum number of events waiting to be written to that file", 100_000)
    deliveries_owed_max: int = option(
        "maximum deliveries waiting for handlers before new events are held back", 100_000
    )
    deliveries_bytes_max: int = option(
        "maximum bytes of events waiting for handlers before new events are held back", 1 << 30
    )
    member_listen_address: str = option(
        "address and port where other backends of the same PostgreSQL database connect", "[::]:8082"
    )
    member_url: str = option("address and port under which they reach it (default: found out)", "")
    workers: int = option("number of processes that share the ports and the database", 1)

    @property
    def api_address(self) -> tuple[str, int]:
        """The host and port that the API listens on."""
        return split_address(self.api_listen_address, "--api-listen-address")

    @property
    def node_name(self) -> str:
        """The name of this backend and of its entity."""
        return socket.gethostname()


@dataclass(frozen=True)
class InitSettings(BackendSettings):
    """The settings of `sensu-backend init`, in addition to those of the backend."""

    cluster_admin_username: str = option("user name of the administrator", "")
    cluster_admin_password: str = option("password of the administrator", "")
    cluster_admin_api_key: str = option("API key to create for the administrator", "")
    interactive: bool = option("prompt for user name, password and API key", False)
    wait: bool = option("retry until the database, or the backend that has it open, can be reached", False)
    timeout: float = option("how long to wait for a backend that has the database open", 5.0, kind="duration")
    ignore_already_initialized: bool = option("exit with status 0 if the database is already initialised", False)
    reset_admin: bool = option(
        "give the user, which is created if necessary, a new password and cluster admin rights", False
    )


RETIRED_FLAGS = frozenset(
    (
        "debug",
        "disable-platform-metrics",
        "platform-metrics-log-file",
        "platform-metrics-logging-interval",
        "event-log-buffer-wait",
        "event-log-parallel-encoders",
        "eventd-buffer-size",
        "eventd-workers",
        "insecure-skip-tls-verify",
        "keepalived-buffer-size",
        "keepalived-workers",
        "log-millisecond-timestamps",
        "metrics-refresh-interval",
        "pipelined-buffer-size",
        "pipelined-workers",
        "require-openssl",
        "skip-confirm",
        "no-embed-etcd",
        "etcd-advertise-client-urls",
        "etcd-cert-file",
        "etcd-cipher-suites",
        "etcd-client-cert-auth",
        "etcd-client-log-level",
        "etcd-client-urls",
        "etcd-discovery",
        "etcd-discovery-srv",
        "etcd-election-timeout",
        "etcd-heartbeat-interval",
        "etcd-initial-advertise-peer-urls",
        "etcd-initial-cluster",
        "etcd-initial-cluster-state",
        "etcd-initial-cluster-token",
        "etcd-key-file",
        "etcd-listen-client-urls",
        "etcd-listen-peer-urls",
        "etcd-log-level",
        "etcd-max-request-bytes",
        "etcd-name",
        "etcd-peer-cert-file",
        "etcd-peer-client-cert-auth",
        "etcd-peer-key-file",
        "etcd-peer-trusted-ca-file",
        "etcd-quota-backend-bytes",
        "etcd-trusted-ca-file",
        "etcd-unsafe-no-fsync",
    )
)
"""Settings of Sensu Go that are accepted and have no effect; `start` logs those that are given."""

UPGRADE_RETIRED_FLAGS = RETIRED_FLAGS | {"timeout", "wait"}
"""Settings that `upgrade` accepts without effect; `init` uses these two."""

INIT_NAMES = names_of(InitSettings) - names_of(BackendSettings)
"""Settings of `init` only, which are permitted in the file that `start` reads."""

BACKEND_NAMES = names_of(InitSettings) | RETIRED_FLAGS
"""All settings that are permitted in the file of a backend."""


def split_address(text: str, where: str) -> tuple[str, int]:
    """Split `[::]:8080`, `127.0.0.1:8080` or `:8080`; raises a ConfigurationError that names `where`."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise ConfigurationError(f'invalid value "{text}" for {where}: must be host:port')
    return host.strip("[]") or "::", int(port)


def check(settings: BackendSettings) -> BackendSettings:
    """Validate settings and return them; raises ConfigurationError."""
    check_log_level(settings.log_level)
    _check_store(settings)
    if bool(settings.cert_file) != bool(settings.key_file):
        raise ConfigurationError("--cert-file and --key-file must be given together")
    _check_agent_auth(settings)
    if bool(settings.dashboard_cert_file) != bool(settings.dashboard_key_file):
        raise ConfigurationError("--dashboard-cert-file and --dashboard-key-file must be given together")
    if settings.dashboard_url and not _WEB_URL.fullmatch(settings.dashboard_url):
        raise ConfigurationError(
            f'invalid value "{settings.dashboard_url}" for --dashboard-url: must be an http or https URL'
        )
    for name, port in (("agent", settings.agent_port), ("dashboard", settings.dashboard_port)):
        if not 0 <= port <= 65535:
            raise ConfigurationError(f"invalid value for --{name}-port: must be a port number (0 to 65535)")
    if not 1 <= settings.workers <= SLOTS:
        raise ConfigurationError(f"invalid value for --workers: must be between 1 and {SLOTS}")
    for field in dataclasses.fields(settings):
        if field.metadata["kind"] in ("int", "float", "seconds") and getattr(settings, field.name) < 0:
            raise ConfigurationError(f"invalid value for --{field.name.replace('_', '-')}: must not be negative")
    _ = settings.api_address
    return settings


def check_log_level(level: str) -> str:
    """Return a level that exists; raises ConfigurationError."""
    if level not in LEVELS:
        raise ConfigurationError(f'invalid value "{level}" for --log-level: must be one of {", ".join(LEVELS)}')
    return level


def _check_store(settings: BackendSettings) -> None:
    known = DURABILITY_OF_SERVERS if settings.store else DURABILITY
    if settings.durability not in known:
        rule = ", ".join(known[:-1]) + f" or {known[-1]}"
        raise ConfigurationError(f'invalid value "{settings.durability}" for --durability: must be {rule}')
    if settings.store:
        target_of(settings.store)
        if settings.workers > 1:
            raise ConfigurationError("--workers cannot be used with --store: one process uses a PostgreSQL database")


def _check_agent_auth(settings: BackendSettings) -> None:
    if bool(settings.agent_auth_cert_file) != bool(settings.agent_auth_key_file):
        raise ConfigurationError("--agent-auth-cert-file and --agent-auth-key-file must be given together")
    if settings.agent_auth_trusted_ca_file and not (settings.agent_auth_cert_file or settings.cert_file):
        raise ConfigurationError("--agent-auth-trusted-ca-file requires --agent-auth-cert-file or --cert-file")
    if settings.agent_auth_crl_urls and not settings.agent_auth_trusted_ca_file:
        raise ConfigurationError("--agent-auth-crl-urls requires --agent-auth-trusted-ca-file")
    for url in settings.agent_auth_crl_urls:
        if not url.startswith(("http://", "https://")):
            raise ConfigurationError(f'invalid value "{url}" for --agent-auth-crl-urls: must be an http or https URL')
