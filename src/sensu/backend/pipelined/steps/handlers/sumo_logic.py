"""Sumo Logic metrics handlers: the metrics of events, in the text format of Prometheus."""

from urllib.parse import urlsplit

from sensu.backend.pipelined.steps.commands import revealed
from sensu.backend.pipelined.steps.handlers.deliver import Occasion, Tools
from sensu.backend.pipelined.steps.handlers.post_pool import PostPool, PostSettings
from sensu.backend.pipelined.steps.outcome import Delivered, Outcome, Retry
from sensu.backend.secrets.provider import NoSecret
from sensu.resources.event import Event
from sensu.resources.kinds import SUMO_LOGIC
from sensu.resources.sumo_logic import SumoLogicMetricsHandler
from sensu.resources.wire import decode
from sensu.rules.go_duration import parse_s
from sensu.rules.kinds.sumo_logic import variable_of
from sensu.rules.metrics.exposition import exposition_of
from sensu.store.values import Key

HEADERS = {"Content-Type": "application/vnd.sumologic.prometheus", "X-Sumo-Client": "sensu"}
NO_METRICS = "the event has no metrics"


async def deliver(tools: Tools, handler: SumoLogicMetricsHandler, payload: bytes, occasion: Occasion) -> Outcome:
    """Send the metrics of the event, or what a mutator made of it, which is sent as it is."""
    if occasion.is_event:
        payload = exposition_of(decode(Event, payload)).encode()
    if not payload:
        return Delivered(NO_METRICS)
    url = ""
    if name := variable_of(handler):
        found = await tools.secrets.variables(handler.metadata.namespace, handler.secrets)
        if isinstance(found, NoSecret):
            return Retry(found.why)
        url = dict(revealed(found))[name]
    key = Key(SUMO_LOGIC.qualified_name, handler.metadata.namespace, handler.metadata.name)
    pool = tools.pools.pool(key, lambda pool_tools: PostPool(_settings(tools, handler, url), pool_tools))
    return await pool.send(payload if payload.endswith(b"\n") else payload + b"\n", url)


def _settings(tools: Tools, handler: SumoLogicMetricsHandler, url: str) -> PostSettings:
    """The settings of the handler; its URL is a secret, of which failures show the host alone."""
    url = url or tools.messages.opened(handler).url
    label = f"Sumo Logic {urlsplit(url).hostname or ''}"
    return PostSettings(label, url, HEADERS, parse_s(handler.timeout), handler.max_connections)
