"""The kinds of handlers that only pipelines can name, in the API."""

import json
from typing import Any

import pytest

from sensu.store.values import Key
from tests.flows.api_harness import RunningApi, reader_of

PIPELINE_V1 = "/api/enterprise/pipeline/v1/namespaces/default"
STREAMS = f"{PIPELINE_V1}/tcp-stream-handlers"
TLS = {"tls_ca_cert_file": "/tls/ca.pem", "tls_cert_file": "/tls/cert.pem", "tls_key_file": "/tls/key.pem"}


def stream(**spec: Any) -> dict[str, Any]:
    """A TCP stream handler as files and the API have it."""
    usual = {"address": "127.0.0.1:4242", "max_connections": 10}
    delays = {"min_reconnect_delay": "10ms", "max_reconnect_delay": "10s"}
    return {
        "type": "TCPStreamHandler",
        "api_version": "pipeline/v1",
        "metadata": {"name": "logstash"},
        "spec": {**usual, **delays, **spec},
    }


def pipeline_to(kind: str, name: str) -> dict[str, Any]:
    reference = {"name": name, "type": kind, "api_version": "pipeline/v1"}
    return {"metadata": {"name": "p", "namespace": "default"}, "workflows": [{"name": "w", "handler": reference}]}


async def test_a_tcp_stream_handler_is_created_shown_and_deleted(api: RunningApi, admin: str) -> None:
    """The documented requests work; files that are not set are shown as empty."""
    assert (await api.call("POST", STREAMS, stream(**TLS), Authorization=admin)).status == 201
    assert (await api.call("POST", STREAMS, stream(**TLS), Authorization=admin)).status == 409
    assert (await api.call("PUT", f"{STREAMS}/logstash", stream(), Authorization=admin)).status == 201
    shown = json.loads((await api.call("GET", f"{STREAMS}/logstash", Authorization=admin)).body)
    assert shown == {
        "type": "TCPStreamHandler",
        "api_version": "pipeline/v1",
        "metadata": {"name": "logstash", "namespace": "default", "created_by": "admin"},
        "spec": {
            "address": "127.0.0.1:4242",
            "max_connections": 10,
            "max_reconnect_delay": "10s",
            "min_reconnect_delay": "10ms",
            **dict.fromkeys(TLS, ""),
        },
    }
    assert json.loads((await api.call("GET", STREAMS, Authorization=admin)).body) == [shown]
    path, body = "/api/core/v2/namespaces/default/pipelines/p", pipeline_to("TCPStreamHandler", "logstash")
    assert (await api.call("PUT", path, body, Authorization=admin)).status == 201
    assert (await api.call("DELETE", f"{STREAMS}/logstash", Authorization=admin)).status == 204
    assert (await api.call("DELETE", f"{STREAMS}/logstash", Authorization=admin)).status == 404


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"address": ""}, "address must be HOST:PORT, for example logs.example.com:4242"),
        ({"address": "logs"}, 'not "logs"'),
        ({"address": "logs:0"}, 'not "logs:0"'),
        ({"address": "::1:80"}, 'not "::1:80"'),
        ({"max_connections": -1}, "spec.max_connections: expected int >= 0"),
        ({"max_connections": 1001}, "max_connections must not be greater than 1000"),
        ({"min_reconnect_delay": ""}, "min_reconnect_delay must be a duration such as 10ms"),
        ({"max_reconnect_delay": "10"}, 'max_reconnect_delay must be a duration such as 10s, not "10"'),
        ({"max_reconnect_delay": "2h"}, "max_reconnect_delay must not be longer than 3600 s"),
        ({"max_reconnect_delay": "1ms"}, "max_reconnect_delay must not be shorter than min_reconnect_delay"),
        ({"tls_cert_file": "/tls/cert.pem"}, "tls_key_file must be set"),
        ({"tls_ca_cert_file": "ca.pem"}, "tls_ca_cert_file must be an absolute path"),
        ({"retry_attempts": 101}, "retry_attempts must not be greater than 100"),
        ({"fallback_handler": "a b"}, "fallback_handler cannot contain spaces"),
    ],
)
async def test_what_is_wrong_with_a_stream_handler_is_refused(
    api: RunningApi, admin: str, spec: dict[str, Any], reason: str
) -> None:
    """The answer names the field and the rule."""
    refused = await api.call("PUT", f"{STREAMS}/logstash", stream(**spec), Authorization=admin)
    assert refused.status == 400
    assert reason in json.loads(refused.body)["message"]


async def test_an_ipv6_address_is_in_brackets(api: RunningApi, admin: str) -> None:
    """`[::1]:4242` is an address."""
    path = f"{STREAMS}/logstash"
    assert (await api.call("PUT", path, stream(address="[::1]:4242"), Authorization=admin)).status == 201


SOURCES = f"{PIPELINE_V1}/sumo-logic-metrics-handlers"
URL = "https://endpoint5.collection.us2.sumologic.com/receiver/v1/http/xxxxxxxx"
SECRET = {"name": "SUMO_LOGIC_SOURCE_URL", "secret": "sumologic_metrics_us2"}


def source(**spec: Any) -> dict[str, Any]:
    """A Sumo Logic metrics handler as files and the API have it."""
    return {
        "type": "SumoLogicMetricsHandler",
        "api_version": "pipeline/v1",
        "metadata": {"name": "metrics"},
        "spec": {"url": URL, "max_connections": 10, "timeout": "30s", **spec},
    }


async def test_the_url_of_a_sumo_logic_handler_is_shown_to_its_editors_alone(api: RunningApi, admin: str) -> None:
    """The URL is stored sealed and redacted for callers who may only read; sent back redacted, it stays as it was."""
    one = f"{SOURCES}/metrics"
    assert (await api.call("POST", SOURCES, source(), Authorization=admin)).status == 201
    shown = json.loads((await api.call("GET", one, Authorization=admin)).body)
    assert shown["spec"] == {"max_connections": 10, "secrets": None, "timeout": "30s", "url": URL}
    reader = await reader_of(api, admin, "sumo-logic-metrics-handlers")
    redacted = json.loads((await api.call("GET", one, Authorization=reader)).body)
    assert redacted["spec"]["url"] == "REDACTED"
    kept = source(url="REDACTED", timeout="5s")
    assert (await api.call("PUT", one, kept, Authorization=admin)).status == 201
    shown = json.loads((await api.call("GET", one, Authorization=admin)).body)
    assert (shown["spec"]["url"], shown["spec"]["timeout"]) == (URL, "5s")
    stored = await api.store.get(Key("pipeline/v1.SumoLogicMetricsHandler", "default", "metrics"))
    assert stored is not None
    assert b"xxxxxxxx" not in stored.body
    for url in ("$SUMO_LOGIC_SOURCE_URL", "${SUMO_LOGIC_SOURCE_URL}"):
        named = source(url=url, secrets=[SECRET])
        assert (await api.call("PUT", one, named, Authorization=admin)).status == 201
        shown = json.loads((await api.call("GET", one, Authorization=reader)).body)
        assert shown["spec"] == {**named["spec"], "secrets": [SECRET]}
    path, body = "/api/core/v2/namespaces/default/pipelines/p", pipeline_to("SumoLogicMetricsHandler", "metrics")
    assert (await api.call("PUT", path, body, Authorization=admin)).status == 201
    assert (await api.call("DELETE", one, Authorization=admin)).status == 204


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"url": ""}, "url must begin with https:// and name a host, or be $NAME"),
        ({"url": "ftp://logs"}, "url must begin with https://"),
        ({"url": "https://logs:port/"}, "url must begin with https://"),
        ({"url": "$SOURCE"}, "url is $SOURCE, but secrets has no SOURCE"),
        ({"url": "https://" + "x" * 5000}, "url must have at most 4096 characters"),
        ({"timeout": ""}, "timeout must be a duration such as 10s"),
        ({"timeout": "-1s"}, 'timeout must be a duration such as 10s, not "-1s"'),
        ({"url": "REDACTED"}, "url is REDACTED, which keeps the stored value, but none is stored"),
    ],
)
async def test_what_is_wrong_with_a_sumo_logic_handler_is_refused(
    api: RunningApi, admin: str, spec: dict[str, Any], reason: str
) -> None:
    """The answer names the field and the rule."""
    refused = await api.call("PUT", f"{SOURCES}/metrics", source(**spec), Authorization=admin)
    assert refused.status == 400
    assert reason in json.loads(refused.body)["message"]
