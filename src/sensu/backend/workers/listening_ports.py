"""The ports that the workers of a backend share: chosen and reserved before the first worker starts."""

import dataclasses
import socket
from typing import TypeVar

from sensu.backend.listening import ListenerSettings, bound_socket
from sensu.backend.settings import BackendSettings

S = TypeVar("S", bound=BackendSettings)


def kept_ports(settings: S) -> tuple[S, list[socket.socket]]:
    """The settings with a free port in place of each port 0, and sockets that reserve the ports while they are open.

    Raises ConfigurationError if another process listens on a port: workers would take a share of its connections.
    """
    host, port = settings.api_address
    api = _kept(host, port, "API")
    agents = _kept(settings.agent_host.strip("[]") or "::", settings.agent_port, "agents' port")
    kept = [api, agents]
    if settings.dashboard_port:
        kept.append(_kept(settings.dashboard_host.strip("[]") or "::", settings.dashboard_port, "web UI"))
    address = f"[{host}]:{_port(api)}" if ":" in host else f"{host}:{_port(api)}"
    return dataclasses.replace(settings, api_listen_address=address, agent_port=_port(agents)), kept


def _kept(host: str, port: int, name: str) -> socket.socket:
    """A socket that is bound but does not listen, so that it receives no connections."""
    alone = bound_socket(ListenerSettings(host, port), name)
    found = _port(alone)
    alone.close()
    return bound_socket(ListenerSettings(host, found, shares_port=True), name)


def _port(bound: socket.socket) -> int:
    return int(bound.getsockname()[1])
