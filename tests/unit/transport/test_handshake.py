import pytest

from sensu.transport import handshake
from sensu.transport.handshake import JSON_TYPE, PROTOBUF_TYPE, Agreement
from sensu.transport.http1 import HTTPRequest

UPGRADE = {
    "host": "backend",
    "upgrade": "websocket",
    "connection": "Upgrade",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def request(method: str = "GET", **changes: str | None) -> HTTPRequest:
    headers = {**UPGRADE, **{name.replace("_", "-"): value for name, value in changes.items()}}
    return HTTPRequest(method, "/?x=1", [(name, value) for name, value in headers.items() if value is not None])


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"connection": None}, 400, "'upgrade' token not found in 'Connection'"),
        ({"upgrade": "h2c"}, 400, "'websocket' token not found in 'Upgrade'"),
        ({"method": "POST"}, 405, "request method is not GET"),
        ({"sec_websocket_version": "8"}, 400, "13 not found"),
        ({"origin": "http://evil.example"}, 403, "origin not allowed"),
        ({"sec_websocket_key": ""}, 400, "missing or blank"),
    ],
)
def test_what_is_no_upgrade_is_answered(changes: dict[str, str | None], status: int, words: str) -> None:
    """A request that asks for no WebSocket is told what it lacks, and the version that is spoken."""
    answer = handshake.upgrade_problem(request(**changes))  # type: ignore[arg-type]
    assert answer is not None
    assert (answer.status, answer.headers) == (status, (("Sec-WebSocket-Version", "13"),))
    assert words in answer.body.decode()


@pytest.mark.parametrize("changes", [{}, {"connection": "keep-alive, Upgrade"}, {"origin": "http://backend"}])
def test_an_upgrade_has_no_problem(changes: dict[str, str]) -> None:
    """Header lists and pages of the backend's own origin are no obstacle."""
    assert handshake.upgrade_problem(request(**changes)) is None


def test_the_accept_value_is_that_of_the_rfc() -> None:
    """The example of RFC 6455 comes out."""
    assert handshake.accept_value("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Basic YWdlbnQ6UEBzc3cwcmQh", ("agent", "P@ssw0rd!")),
        ("basic YTpiOmM=", ("a", "b:c")),
        ("Basic !!!", None),
        ("Basic YWdlbnQ=", None),
        ("Basic //8=", None),
        ("Key 11111111-1111-4111-8111-111111111111", None),
        ("", None),
    ],
)
def test_basic_credentials(value: str, expected: tuple[str, str] | None) -> None:
    """User name and password are read from a Basic header, from no other and from no broken one."""
    assert handshake.basic_credentials(request(authorization=value)) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"accept": PROTOBUF_TYPE}, Agreement(PROTOBUF_TYPE)),
        ({"accept": JSON_TYPE}, Agreement(JSON_TYPE)),
        ({"accept": f"{PROTOBUF_TYPE}, {JSON_TYPE}"}, Agreement(JSON_TYPE)),
        ({"accept": "*/*"}, Agreement(JSON_TYPE)),
        ({}, Agreement(JSON_TYPE)),
    ],
)
def test_both_sides_agree(headers: dict[str, str], expected: Agreement) -> None:
    """From the backend's answer the agent concludes what the backend chose."""
    asked = request(**headers)
    chosen = handshake.backend_agreement(asked)
    assert chosen == expected
    assert handshake.agent_agreement(asked.headers, handshake.backend_headers(chosen, "b1")) == expected


def test_a_backend_of_json_alone_is_spoken_json_to() -> None:
    """An agent that would speak protobuf speaks JSON to a backend that offers nothing else."""
    asked = handshake.agent_headers("a1", "default", [], credentials=None)
    answered = [("Content-Type", JSON_TYPE), ("Accept", JSON_TYPE)]
    assert handshake.agent_agreement(asked, answered) == Agreement(JSON_TYPE)
    assert handshake.agent_agreement(asked, [*answered, ("ACCEPT", PROTOBUF_TYPE)]) == Agreement(PROTOBUF_TYPE)


def test_an_agent_shakes_hands_as_recorded() -> None:
    """An agent's headers are those of the protocol and no more, so that no backend can tell it from the reference's."""
    headers = handshake.agent_headers("ag1", "default", ["x", "y"], credentials=("agent", "P@ssw0rd!"))
    recorded = {
        "Accept": "application/octet-stream",
        "Authorization": "Basic YWdlbnQ6UEBzc3cwcmQh",
        "Sensu-Agentname": "ag1",
        "Sensu-Namespace": "default",
        "Sensu-Subscriptions": "x,y",
        "Sensu-User": "agent",
        "User-Agent": "Go-http-client/1.1",
    }
    assert sorted(headers) == sorted(recorded.items())
    again = handshake.agent_headers(
        "ag1", "default", ["x", "y"], credentials=("agent", "P@ssw0rd!"), content_type=JSON_TYPE
    )
    assert set(again) - set(headers) == {("Content-Type", "application/json")}


def test_a_backend_answers_as_recorded() -> None:
    """A backend's headers are those of the protocol and no more."""
    names = [name for name, _ in handshake.backend_headers(Agreement(JSON_TYPE), "b1")]
    assert names == ["Backend-Id", "Content-Type", "Accept", "Accept"]


def test_agent_headers_hold_the_credentials_only_with_a_password() -> None:
    """With a client certificate neither user nor password is sent."""
    with_password = handshake.agent_headers("a1", "default", ["x", "y"], credentials=("u", "p"))
    assert ("Authorization", "Basic dTpw") in with_password
    assert ("Sensu-Subscriptions", "x,y") in with_password
    names = {name for name, _ in handshake.agent_headers("a1", "default", [], credentials=None)}
    assert not names & {"Authorization", "Sensu-User"}
