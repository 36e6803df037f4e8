"""The settings of `sensu-agent start`.

Source: docs, "Agent reference", configuration; recorded scenarios agent-first-frames-flags and agent-exit-*.
"""

import logging
import os
import re
import socket
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from sensu.errors import ConfigurationError
from sensu.log import LEVELS
from sensu.resources.entity import DEFAULT_REDACT
from sensu.resources.metadata import ResourceReference
from sensu.settings import load, option

log = logging.getLogger("sensu.agent")

ENVIRONMENT_PREFIX = "SENSU"
USAGE = "sensu-agent start"
DEFAULT_PORT = 8081
HOST_NAME = socket.gethostname() or str(uuid.uuid4())
KEEPALIVE_TIMEOUT_S_MIN = 5
JOURNAL_BYTES_MIN = 1024 * 1024
DEFAULT_ASSETS_RATE = 1.39
DEFAULT_FLUSH_INTERVAL_S = 10

RETIRED_FLAGS = frozenset({"discover-processes", "require-openssl", "log-millisecond-timestamps"})
"""Settings of the reference that are accepted and ignored; a warning at start names them."""

_NAME = re.compile(r"[\w.\-:]+", re.ASCII)


@dataclass(frozen=True)
class AgentSettings:
    """The settings of an agent; times in seconds."""

    config_file: str = option("path to the configuration file", "/etc/sensu/agent.yml", short="c")
    name: str = option("name of the agent and its entity (default: the host's name)", HOST_NAME, aliases=("id",))
    namespace: str = option("namespace of the agent", "default")
    subscriptions: tuple[str, ...] = option("subscriptions of the agent", ())
    user: str = option("user to log in as", "agent")
    password: str = option("password of the user", "P@ssw0rd!")
    backend_url: tuple[str, ...] = option("ws or wss URL of a backend, repeatable", ("ws://127.0.0.1:8081",))
    log_level: str = option("minimum level of log messages: panic, fatal, error, warn, info, debug or trace", "info")
    cache_dir: str = option("folder of cached assets and of unsent events", "/var/cache/sensu/sensu-agent")

    agent_managed_entity: bool = option("manage the entity with these settings instead of the API", False)
    labels: dict[str, str] = option("labels of the agent's entity", {})
    annotations: dict[str, str] = option("annotations of the agent's entity", {})
    redact: tuple[str, ...] = option("labels and annotations whose values are redacted", DEFAULT_REDACT)
    deregister: bool = option("delete the entity when the agent stops sending keepalives", False)
    deregistration_handler: str = option("handler of the deregistration event", "")
    detect_cloud_provider: bool = option("detect the cloud provider of the host", False)
    require_fips: bool = option("refuse to start unless OpenSSL is in FIPS mode", False)
    strip_networks: bool = option("leave network interfaces out of the entity", False)

    keepalive_interval: int = option("seconds between keepalives", 20)
    keepalive_warning_timeout: int = option(
        "seconds without a keepalive before a warning event", 120, aliases=("keepalive-timeout",)
    )
    keepalive_critical_timeout: int = option("seconds without a keepalive before a critical event (0: never)", 0)
    keepalive_handlers: tuple[str, ...] = option("handlers of keepalive events", ())
    keepalive_pipelines: tuple[str, ...] = option("pipelines of keepalive events: core/v2.Pipeline.NAME", ())
    keepalive_check_labels: dict[str, str] = option("labels of keepalive events", {})
    keepalive_check_annotations: dict[str, str] = option("annotations of keepalive events", {})

    allow_list: str = option("path to the list of allowed commands (default: all commands are allowed)", "")
    disable_assets: bool = option("reject checks that require assets", False)
    assets_rate_limit: float = option("maximum asset downloads per second", DEFAULT_ASSETS_RATE)
    assets_burst_limit: int = option("maximum burst of asset downloads", 100)
    assets_cleanup_interval: float = option("how often unused assets are removed (0: never)", 0.0, kind="duration")
    assets_cleanup_max_age: float = option("how long an unused asset is kept", 172800.0, kind="duration")

    assets_max_bytes: int = option(
        "maximum size of cached assets in bytes; the least recently used are removed (0: no limit)", 4 * 1024**3
    )

    api_host: str = option("address of the local HTTP API", "127.0.0.1")
    api_port: int = option("port of the local HTTP API", 3031)
    disable_api: bool = option("disable the local HTTP API", False)
    events_rate_limit: float = option("maximum events per second from the local API to the backend (0: no limit)", 10.0)
    events_burst_limit: int = option("maximum burst of events from the local API to the backend", 10)
    socket_host: str = option("address of the TCP and UDP sockets", "127.0.0.1")
    socket_port: int = option("port of the TCP and UDP sockets", 3030)
    disable_sockets: bool = option("disable the TCP and UDP sockets", False)
    statsd_metrics_host: str = option("address of the StatsD server", "127.0.0.1")
    statsd_metrics_port: int = option("port of the StatsD server", 8125)
    statsd_disable: bool = option("disable the StatsD server", False)
    statsd_flush_interval: int = option("seconds between StatsD events", DEFAULT_FLUSH_INTERVAL_S)
    statsd_event_handlers: tuple[str, ...] = option("handlers of StatsD events", ())

    backend_handshake_timeout: int = option("seconds before a handshake with a backend times out", 15)
    backend_heartbeat_interval: int = option("seconds between pings", 30)
    backend_heartbeat_timeout: int = option("seconds without an answer to a ping before a reconnect", 45)
    retry_min: float = option("shortest wait before a reconnect", 1.0, kind="duration")
    retry_max: float = option("longest wait before a reconnect", 120.0, kind="duration")
    retry_multiplier: float = option("factor by which the wait grows after each attempt", 2.0)
    max_session_length: float = option("longest session before a reconnect (0: no limit)", 0.0, kind="duration")

    journal_max_bytes: int = option(
        "maximum size in bytes of each queue of unsent events on disk (0: memory only)", 128 * 1024 * 1024
    )
    journal_max_age: float = option("maximum age of unsent events (0: no limit)", 86400.0, kind="duration")

    cert_file: str = option("client certificate to log in with, in PEM format", "")
    key_file: str = option("private key of that certificate in PEM format", "")
    trusted_ca_file: str = option("trusted CA certificates in PEM format", "")
    insecure_skip_tls_verify: bool = option("do not verify server certificates (insecure)", False)

    @property
    def pipelines(self) -> tuple[ResourceReference, ...]:
        """The pipelines of keepalive events."""
        return tuple(_pipeline(text) for text in self.keepalive_pipelines)

    @property
    def journal_folder(self) -> Path | None:
        """The folder of the journal, or None if events are queued in memory only."""
        is_wanted = self.journal_max_bytes > 0 and self.cache_dir not in ("", os.devnull)
        return Path(self.cache_dir).absolute() / "journal" if is_wanted else None

    @property
    def with_certificate(self) -> bool:
        """Whether the agent authenticates with its certificate instead of a password."""
        return bool(self.cert_file and self.key_file)


@dataclass(frozen=True)
class AgentDoctorSettings(AgentSettings):
    """The settings of `sensu-agent doctor`, in addition to those of the agent that it examines."""

    format: str = option("output format: text or json", "text")


S = TypeVar("S", bound=AgentSettings)


def read(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    remark: Callable[[str], object] = log.warning,
) -> AgentSettings:
    """Read and validate the settings from flags, variables and file; raises ConfigurationError and HelpText.

    `remark` gets a line for each kind of entry that is ignored.
    """
    return read_as(AgentSettings, USAGE, arguments, environment, remark)


def read_as(
    shape: type[S],
    usage: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    remark: Callable[[str], object],
) -> S:
    """Read and validate the settings of a command, as `read` does."""
    loaded = load(
        shape,
        arguments,
        environment,
        prefix=ENVIRONMENT_PREFIX,
        usage=usage,
        retired=RETIRED_FLAGS,
        remark=remark,
    )
    return check(complete(loaded))


def complete(settings: S) -> S:
    """The settings with default ports and intervals filled in and duplicate subscriptions removed."""
    return replace(
        settings,
        backend_url=tuple(_with_port(url) for url in settings.backend_url),
        subscriptions=tuple(dict.fromkeys(settings.subscriptions)),
        assets_rate_limit=settings.assets_rate_limit or DEFAULT_ASSETS_RATE,
        statsd_flush_interval=settings.statsd_flush_interval or DEFAULT_FLUSH_INTERVAL_S,
    )


def check(settings: S) -> S:
    """Validate the settings and return them; raises ConfigurationError."""
    if not settings.name:
        raise ConfigurationError("invalid agent name: must not be empty")
    if not _NAME.fullmatch(settings.name):
        raise ConfigurationError("invalid agent name: cannot contain spaces or special characters")
    if not settings.namespace:
        raise ConfigurationError("--namespace must not be empty")
    if settings.log_level not in LEVELS:
        levels = ", ".join(LEVELS)
        raise ConfigurationError(f'invalid value "{settings.log_level}" for --log-level: must be one of {levels}')
    if not settings.backend_url:
        raise ConfigurationError("no backend URLs defined")
    if bool(settings.cert_file) != bool(settings.key_file):
        raise ConfigurationError("--cert-file and --key-file must be given together")
    if 0 < settings.journal_max_bytes < JOURNAL_BYTES_MIN:
        raise ConfigurationError(f"--journal-max-bytes must be 0 or at least {JOURNAL_BYTES_MIN}")
    if settings.retry_multiplier < 1:
        raise ConfigurationError("--retry-multiplier must not be below 1")
    _check_numbers(settings)
    _check_keepalive(settings)
    _ = settings.pipelines
    return settings


def _check_numbers(settings: AgentSettings) -> None:
    for field in fields(settings):
        value = getattr(settings, field.name)
        flag = f"--{field.name.replace('_', '-')}"
        if field.name.endswith("_port") and not 0 <= value <= 65535:
            raise ConfigurationError(f"invalid value for {flag}: must be a port number")
        if field.metadata["kind"] in ("int", "float", "seconds") and value < 0:
            raise ConfigurationError(f"invalid value for {flag}: must not be negative")
    for name in ("keepalive_interval", "backend_handshake_timeout", "backend_heartbeat_interval", "retry_min"):
        if getattr(settings, name) <= 0:
            raise ConfigurationError(f"invalid value for --{name.replace('_', '-')}: must be greater than 0")


def _check_keepalive(settings: AgentSettings) -> None:
    interval, warning = settings.keepalive_interval, settings.keepalive_warning_timeout
    critical = settings.keepalive_critical_timeout
    if warning <= interval:
        raise ConfigurationError("keepalive warning timeout must be greater than keepalive interval")
    if warning < KEEPALIVE_TIMEOUT_S_MIN:
        raise ConfigurationError(
            f"bad keepalive timeout: {warning} (minimum value is {KEEPALIVE_TIMEOUT_S_MIN} seconds)"
        )
    if critical and critical < warning:
        raise ConfigurationError(
            "if set, --keepalive-critical-timeout must be greater than --keepalive-warning-timeout"
        )


def _with_port(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as err:
        raise ConfigurationError(f"backend URL ({url}): {err}") from err
    if port is None and parts.hostname:
        parts = parts._replace(netloc=f"{parts.netloc.rstrip(':')}:{DEFAULT_PORT}")
    if parts.scheme not in ("ws", "wss"):
        raise ConfigurationError(f"backend URL ({without_secrets(parts.geturl())}) must have ws:// or wss:// scheme")
    if not parts.hostname:
        raise ConfigurationError(f"backend URL ({url}) must include a host name")
    return parts.geturl()


def _pipeline(text: str) -> ResourceReference:
    """Parse a reference such as `core/v2.Pipeline.incidents`; the name may contain dots."""
    api_version, slash, rest = text.partition("/")
    version, _, kind_and_name = rest.partition(".")
    kind, _, name = kind_and_name.partition(".")
    if not (api_version and slash and version and kind and name):
        raise ConfigurationError(
            f'invalid value "{text}" for --keepalive-pipelines: must look like core/v2.Pipeline.NAME'
        )
    return ResourceReference(name=name, type=kind, api_version=f"{api_version}/{version}")


def without_secrets(url: str) -> str:
    """The URL without user name and password, for the log."""
    scheme, separator, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}{separator}{authority.rpartition('@')[2]}{slash}{path}"
