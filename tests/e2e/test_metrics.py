"""What a backend shows at `/metrics` after it has done a little of everything."""

import hashlib
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sensu.resources.metrics import MetricPoint, Metrics
from sensu.testing.backend_process import BackendProcess
from sensu.testing.fake_agent import FakeAgent, NotConnected
from tests.faults.agent_process import until
from tests.faults.test_handler_that_never_ends import NAMESPACE, Api
from tests.unit.execution.test_assets import HELLO, serving

HANDLER_SLEEPS_S = 0.3


async def configure(api: Api, folder: Path, asset_url: str) -> None:
    reference = {"api_version": "core/v2", "type": "Handler", "name": "notes"}
    workflow = {
        "name": "page",
        "filters": [{"api_version": "core/v2", "type": "EventFilter", "name": "all"}],
        "mutator": {"api_version": "core/v2", "type": "Mutator", "name": "same"},
        "handler": reference,
    }
    check = {"command": "true", "subscriptions": ["linux"], "publish": True}
    for path, body in (
        ("assets/tool", {"url": asset_url, "sha512": hashlib.sha512(HELLO).hexdigest()}),
        ("filters/all", {"action": "allow", "expressions": ["true"]}),
        ("mutators/same", {"command": "cat"}),
        (
            "handlers/notes",
            {
                "type": "pipe",
                "command": f"sleep {HANDLER_SLEEPS_S}; cat > /dev/null; echo . >> {folder / 'handled'}",
                "runtime_assets": ["tool"],
            },
        ),
        ("pipelines/incidents", {"workflows": [workflow]}),
        ("checks/by-interval", {**check, "interval": 1}),
        ("checks/by-cron", {**check, "cron": "* * * * *"}),
        ("checks/in-turn", {**check, "interval": 1, "round_robin": True}),
        ("checks/in-turn-by-cron", {**check, "cron": "* * * * *", "round_robin": True}),
    ):
        metadata = {"name": path.partition("/")[2], "namespace": "default"}
        status, _, text = await api.call("PUT", f"{NAMESPACE}/{path}", {**body, "metadata": metadata})
        assert status == 201, text


async def tour(backend: BackendProcess, api: Api, folder: Path) -> None:
    async with serving(HELLO) as assets:
        await configure(api, folder, assets.url)
        async with FakeAgent.session(backend.agent_url, "web1", subscriptions=["linux"]) as agent:
            agent.keepalive()
            agent.answers["by-interval"] = (0, "fine")
            points = Metrics(points=(MetricPoint(name="a", value=1), MetricPoint(name="b", value=2)))
            agent.event("cpu", metrics=points)
            await agent.until(lambda heard: len(heard.requests) > 1)
            agent.send_raw(b"event\nnot an event")
            with pytest.raises(NotConnected):
                await FakeAgent.connect(backend.agent_url, "web2", credentials=("agent", "wrong"))
            pipeline = {"api_version": "core/v2", "type": "Pipeline", "name": "incidents"}
            proxied = {"metadata": {"name": "c"}, "interval": 60, "status": 2, "proxy_entity_name": "router"}
            entity = {"metadata": {"name": "web1"}, "entity_class": "proxy"}
            for more in ({"pipelines": [pipeline]}, {"check": {**proxied, "handlers": ["notes"]}}):
                event = {"entity": entity, "check": proxied, **more}
                assert (await api.call("POST", f"{NAMESPACE}/events", event))[0] == 201
            handled = folder / "handled"
            await until(lambda: handled.exists() and handled.read_text().count(".") >= 2)
            await until(lambda: _has_counted_slots(api))


async def _has_counted_slots(api: Api) -> bool:
    return "sensu_check_slots{" in (await api.call("GET", "/metrics"))[2]


def samples(text: str) -> dict[str, dict[str, str]]:
    """The samples by family, each with its labels as a text, and its value."""
    found: dict[str, dict[str, str]] = {}
    family = ""
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            family = line.split()[2]
            found[family] = {}
        elif not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            found[family][name] = value
    return found


async def test_every_declared_family_has_samples(tmp_path: Path) -> None:
    """After a tour through events, assets and handlers no family is empty; durations are milliseconds.

    A backend that does not share its database shows no numbers about seats, which would say that it may not act.
    """
    found = await scraped_after_a_tour(tmp_path)
    assert "sensu_seat_valid" not in found
    assert [family for family, values in found.items() if not values] == []
    handler = "sensu_go_pipeline_handler_duration"
    took = [float(value) for name, value in found[handler].items() if name.startswith(f"{handler}_sum")]
    assert sum(took) >= 2 * HANDLER_SLEEPS_S * 1000
    assert found["sensu_go_event_metric_points_processed"]["sensu_go_event_metric_points_processed"] == "2.0"
    for name in ("sensu_go_asset_fetch_duration", "sensu_go_asset_expand_duration"):
        assert found[name][f'{name}_count{{status="success",name="tool",namespace="default"}}'] == "1.0"
    proxies = 'sensu_go_eventd_create_proxy_entity_duration_count{status="success"}'
    assert float(found["sensu_go_eventd_create_proxy_entity_duration"][proxies]) == 1
    for name in ("sensu_go_store_event_bytes", "sensu_go_agentd_event_bytes", "sensu_go_event_handler_duration"):
        values = [value for sample, value in found[name].items() if re.search('quantile="0.99"', sample)]
        assert any(float(value) > 0 for value in values), name


async def scraped_after_a_tour(folder: Path) -> dict[str, dict[str, str]]:
    backend = BackendProcess(folder)
    await backend.initialise()
    await backend.start(["--event-log-file", str(folder / "events.log"), "--log-level", "error"])
    try:
        async with aiohttp.ClientSession() as session:
            api = Api(backend.api_url, session)
            await api.log_in()
            await tour(backend, api, folder)
            text: Any = (await api.call("GET", "/metrics"))[2]
        return samples(text)
    finally:
        await backend.stop()
