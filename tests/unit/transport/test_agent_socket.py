import pytest

from sensu.transport.agent_socket import proxy_for, with_port


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("ws://backend", "ws://backend:8081"),
        ("wss://backend/", "wss://backend:8081/"),
        ("ws://[::1]", "ws://[::1]:8081"),
        ("ws://backend:9000", "ws://backend:9000"),
    ],
)
def test_the_agents_port_is_the_default(url: str, expected: str) -> None:
    """A backend URL without a port means 8081."""
    assert with_port(url) == expected


@pytest.mark.parametrize(
    ("url", "environment", "expected"),
    [
        ("ws://backend:8081", {}, None),
        ("ws://backend:8081", {"HTTP_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
        ("ws://backend:8081", {"HTTP_PROXY": "proxy:3128"}, "http://proxy:3128"),
        ("wss://backend:8081", {"HTTP_PROXY": "http://proxy:3128"}, None),
        ("wss://backend:8081", {"HTTPS_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
        ("ws://backend.example:8081", {"HTTP_PROXY": "http://p:1", "NO_PROXY": ".example"}, None),
        ("ws://backend:8081", {"HTTP_PROXY": "http://p:1", "NO_PROXY": "other, backend"}, None),
        ("ws://backend:8081", {"HTTP_PROXY": "http://p:1", "NO_PROXY": "*"}, None),
        ("ws://mybackend:8081", {"HTTP_PROXY": "http://p:1", "NO_PROXY": "backend"}, "http://p:1"),
        ("ws://127.0.0.1:8081", {"HTTP_PROXY": "http://p:1"}, None),
    ],
)
def test_proxies_come_from_the_environment(
    url: str, environment: dict[str, str], expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HTTP_PROXY serves ws, HTTPS_PROXY wss, NO_PROXY names who is reached without, and so is the own machine."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(url) == expected
