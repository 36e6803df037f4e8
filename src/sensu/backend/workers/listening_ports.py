"""The ports that the workers of a backend share: found free, and kept, before the first of them starts."""

import dataclasses
import socket
from typing import TypeVar

from sensu.backend.listening import ListenerSettings, bound_socket
from sensu.backend.settings import BackendSettings

S = TypeVar("S", bound=BackendSettings)


def kept_ports(settings: S) -> tuple[S, list[socket.socket]]:
    """The settings with the ports that were found where any will do, and sockets that keep them while they are open.

    Raises ConfigurationError where somebody else listens there: workers would take a share of its connections.
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
    """A socket that is bound and does not listen, so that it is given no connections."""
    alone = bound_socket(ListenerSettings(host, port), name)
    found = _port(alone)
    alone.close()
    return bound_socket(ListenerSettings(host, found, shares_port=True), name)


def _port(bound: socket.socket) -> int:
    return int(bound.getsockname()[1])
