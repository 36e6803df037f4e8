"""The agent's local HTTP API.

Source: docs, "Agent reference", agent API; recorded scenarios agent-local/api and offline.
"""

import json
from collections.abc import Callable

from sensu.agent import local_event
from sensu.agent.counters import AgentCounters
from sensu.agent.entity import OwnEntity
from sensu.clock import Clock
from sensu.errors import InvalidResource
from sensu.resources import wire
from sensu.resources.event import Event
from sensu.transport.http1 import PLAIN, HTTPAnswer, error

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
JSON_TYPE = "application/json"
_ANY = ""


class LocalAPI:
    """Answers requests from this host."""

    def __init__(
        self,
        entity: OwnEntity,
        offer: Callable[[Event], bool],
        is_connected: Callable[[], bool],
        counters: AgentCounters,
        version: str,
        clock: Clock,
    ) -> None:
        """`offer` queues an event durably, or returns False if the event cannot be sent."""
        self._entity, self._offer, self._is_connected = entity, offer, is_connected
        self._counters, self._version, self._clock = counters, version, clock
        self._used_ids = local_event.UsedIds()
        self._routes: dict[str, tuple[str, Callable[[bytes], HTTPAnswer]]] = {
            "/events": ("POST", self._create_event),
            "/healthz": ("GET", self._health),
            "/version": ("GET", self._show_version),
            "/metrics": (_ANY, self._metrics),
        }

    def handle(self, method: str, path: str, body: bytes) -> HTTPAnswer:
        """Answers a request."""
        route = self._routes.get(path)
        if route is None:
            return error(404, "404 page not found")
        if route[0] not in (method, _ANY):
            return HTTPAnswer(405)
        return route[1](body)

    def _create_event(self, body: bytes) -> HTTPAnswer:
        now = self._clock.now()
        try:
            content = wire.parse_json(body)
            if content is None:
                raise InvalidResource(local_event.NO_EVENT)
            sent = self._used_ids.unused(wire.convert_client(Event, content))
            event = local_event.completed(sent, self._entity.redacted_at(now), now)
        except InvalidResource as why:
            return error(400, str(why))
        if not self._offer(event):
            return error(400, "the event cannot be written as JSON")
        return HTTPAnswer(202)

    def _health(self, _: bytes) -> HTTPAnswer:
        if self._is_connected():
            return HTTPAnswer(200, b"ok", PLAIN)
        return HTTPAnswer(503, b"sensu backend unavailable", PLAIN)

    def _show_version(self, _: bytes) -> HTTPAnswer:
        return HTTPAnswer(200, json.dumps({"version": self._version}, separators=(",", ":")).encode(), JSON_TYPE)

    def _metrics(self, _: bytes) -> HTTPAnswer:
        return HTTPAnswer(200, self._counters.exposition().encode(), METRICS_TYPE)
