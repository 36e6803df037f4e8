"""The senders of our own, against a local server that answers as the services document it."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from sensu.notify.senders.apprise import with_thread
from sensu.notify.senders.table import own_sender, send
from sensu.notify.sending import SendRequest, SendResult
from sensu.rules.notify.message import AlertMessage
from sensu.rules.notify.occasions import CHANGED, PROBLEM, REPEATED, RESOLVED
from tests.sinks import Answer, HttpSink, Request, http_sink

PROBLEM_MESSAGE = AlertMessage("web1/shop is critical", "503 <b>", "`503`", "<pre>503</pre><p>x<br>y</p>", "critical")
RECOVERY = AlertMessage("web1/shop recovered", "OK", "OK", "<p>OK</p>", "passing")
BOT = "xoxb-1234-1234-4ddbc191d40ee098cbaae6f3523ada2d"


class Service:
    """A service on a local server, and what a sender makes of an incident there."""

    def __init__(self, sink: HttpSink, url: str) -> None:
        self.sink, self.url = sink, url
        self.reference = ""

    def tell(self, message: AlertMessage, happened: str) -> SendResult:
        result = send(SendRequest(self.url, message, 5.0, happened, "incident-1", self.reference))
        self.reference = result.reference or self.reference
        return result

    def bodies(self, path: str = "") -> list[dict[str, Any]]:
        return [request.json for request in self.sink.requests if path in request.path]

    @property
    def calls(self) -> list[tuple[str, str]]:
        return [(request.method, request.path) for request in self.sink.requests]


def slack(request: Request) -> Answer:
    body = request.json
    if body.get("thread_ts") == "gone":
        return 200, {"ok": False, "error": "thread_not_found"}
    if body["channel"] == "#missing":
        return 200, {"ok": False, "error": "channel_not_found"}
    return 200, {"ok": True, "channel": "C024BE91L", "ts": "1700000000.000100"}


def test_slack_has_one_message_per_incident_and_a_thread() -> None:
    """A bot posts the problem, replies to it in its thread, and changes the colour of the message when it is over."""
    with http_sink(slack) as sink:
        service = Service(sink, f"slack://Sensu@{BOT}/#ops?api={sink.url}/api")
        service.tell(PROBLEM_MESSAGE, PROBLEM)
        service.tell(RECOVERY, RESOLVED)
    assert [path for _, path in service.calls] == ["/api/chat.postMessage", "/api/chat.postMessage", "/api/chat.update"]
    first, reply, update = service.bodies()
    assert (first["channel"], first["username"], first["text"]) == ("#ops", "Sensu", "*web1/shop is critical*")
    assert first["attachments"][0]["text"] == "503 &lt;b&gt;"
    assert (reply["channel"], reply["thread_ts"]) == ("C024BE91L", "1700000000.000100")
    assert (update["ts"], update["attachments"][0]["color"]) == ("1700000000.000100", "#2b8a3e")
    assert sink.requests[0].headers["Authorization"] == f"Bearer {BOT}"


def test_slack_begins_again_when_the_message_is_gone() -> None:
    """If somebody deleted the message, the next one is new."""
    with http_sink(slack) as sink:
        service = Service(sink, f"slack://{BOT}/#ops?api={sink.url}")
        service.reference = "0:C024BE91L@gone"
        assert service.tell(RECOVERY, RESOLVED).why == ""
    assert service.bodies()[1]["channel"] == "#ops"
    assert service.reference == "0:C024BE91L@1700000000.000100"


def test_what_slack_refuses_has_its_words() -> None:
    """The reason of a refusal is Slack's, without the token."""
    with http_sink(slack) as sink:
        result = Service(sink, f"slack://{BOT}/#missing?api={sink.url}").tell(PROBLEM_MESSAGE, PROBLEM)
    assert result.why == "channel_not_found"


def discord(request: Request) -> Answer:
    return (404, {"message": "Unknown Message"}) if request.path.endswith("/gone") else (200, {"id": "900"})


def test_discord_has_one_message_that_is_edited() -> None:
    """A webhook's message is edited; a reminder is a new one, because nobody is notified of an edit."""
    with http_sink(discord) as sink:
        service = Service(sink, f"discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js?api={sink.url}")
        for message, happened in ((PROBLEM_MESSAGE, PROBLEM), (PROBLEM_MESSAGE, REPEATED), (RECOVERY, RESOLVED)):
            assert service.tell(message, happened).why == ""
    hook = "/webhooks/4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js"
    assert service.calls == [
        ("POST", f"{hook}?wait=true"),
        ("POST", f"{hook}?wait=true"),
        ("PATCH", f"{hook}/messages/900"),
    ]
    assert service.bodies()[0]["allowed_mentions"] == {"parse": []}
    assert service.bodies()[2]["embeds"][0]["title"] == "web1/shop recovered"


def test_discord_begins_again_when_the_message_is_gone() -> None:
    """If somebody deleted the message, the next one is new."""
    with http_sink(discord) as sink:
        service = Service(sink, f"discord://4174216298/token-of-the-hook?api={sink.url}")
        service.reference = "gone"
        assert service.tell(RECOVERY, RESOLVED).reference == "900"
    assert [method for method, _ in service.calls] == ["PATCH", "POST"]


def telegram(request: Request) -> Answer:
    if "<table>" in request.json["text"]:
        return 400, {"ok": False, "description": "Bad Request: can't parse entities: unsupported start tag"}
    return 200, {"ok": True, "result": {"message_id": 77}}


def test_telegram_replies_to_the_first_message() -> None:
    """Later messages of an incident reply to the first one, in every chat."""
    with http_sink(telegram) as sink:
        service = Service(sink, f"tgram://123456789:abcdefg_hijklmnop/-100/200?api={sink.url}")
        service.tell(PROBLEM_MESSAGE, PROBLEM)
        service.tell(PROBLEM_MESSAGE, CHANGED)
        assert service.reference == "77 77"
    bodies = service.bodies("/bot123456789:abcdefg_hijklmnop/sendMessage")
    assert [body["chat_id"] for body in bodies] == ["-100", "200"] * 2
    assert bodies[0]["text"] == "<b>web1/shop is critical</b>\n<pre>503</pre>\nx\ny\n"
    assert "reply_parameters" not in bodies[0]
    assert bodies[2]["reply_parameters"]["message_id"] == 77


def test_telegram_gets_text_if_it_does_not_know_a_tag() -> None:
    """HTML of a template that Telegram refuses is sent as plain text."""
    with http_sink(telegram) as sink:
        service = Service(sink, f"tgram://123456789:abcdefg_hijklmnop/-100?api={sink.url}")
        assert service.tell(msgspec.structs.replace(RECOVERY, html="<table></table>"), RESOLVED).why == ""
    assert service.bodies()[1]["text"] == "web1/shop recovered\n\nOK"


def test_ntfy_updates_one_notification() -> None:
    """All messages of an incident have the same sequence id, and a click opens the event."""
    with http_sink() as sink:
        service = Service(sink, f"ntfy://tk_abcdefgh@127.0.0.1:{sink.port}/alerts/more")
        service.tell(msgspec.structs.replace(PROBLEM_MESSAGE, link="https://s/e"), PROBLEM)
        service.tell(RECOVERY, RESOLVED)
    bodies = service.bodies()
    assert [body["topic"] for body in bodies] == ["alerts", "more"] * 2
    assert {body["sequence_id"] for body in bodies} == {"incident-1"}
    assert [body["priority"] for body in bodies] == [4, 4, 3, 3]
    assert [body.get("click") for body in bodies] == ["https://s/e", "https://s/e", None, None]
    assert sink.requests[0].headers["Authorization"] == "Bearer tk_abcdefgh"


ROOM = "!ehXvUhWNASUkSLvAGP:example.org"


def matrix(request: Request) -> Answer:
    if (request.json.get("m.relates_to") or {}).get("event_id") == "$gone":
        return 404, {"errcode": "M_NOT_FOUND", "error": "Event not found"}
    return 200, {"event_id": "$first"}


def test_matrix_has_one_message_per_incident_and_a_thread() -> None:
    """A later message goes into the thread of the first one, which is edited to what holds now."""
    with http_sink(matrix) as sink:
        service = Service(sink, f"matrix://syt_token_of_sensu@127.0.0.1:{sink.port}/{ROOM}")
        service.tell(PROBLEM_MESSAGE, PROBLEM)
        assert service.tell(RECOVERY, RESOLVED).why == ""
        assert service.reference == "$first"
    first, reply, edit = service.bodies()
    assert (first["msgtype"], first["body"]) == ("m.text", "web1/shop is critical\n\n503 <b>")
    assert first["formatted_body"] == "<h4>web1/shop is critical</h4><pre>503</pre><p>x<br>y</p>"
    assert "m.relates_to" not in first
    assert (reply["m.relates_to"]["rel_type"], reply["m.relates_to"]["event_id"]) == ("m.thread", "$first")
    assert edit["m.relates_to"] == {"rel_type": "m.replace", "event_id": "$first"}
    assert edit["m.new_content"]["body"] == "web1/shop recovered\n\nOK"
    paths = [path.rpartition("/") for _, path in service.calls]
    assert {head for head, _, _ in paths} == {
        "/_matrix/client/v3/rooms/%21ehXvUhWNASUkSLvAGP%3Aexample.org/send/m.room.message"
    }
    assert len({transaction for _, _, transaction in paths}) == 3
    assert sink.requests[0].headers["Authorization"] == "Bearer syt_token_of_sensu"


def test_matrix_begins_again_when_the_message_is_gone() -> None:
    """If the server does not know the first message any more, the next one is new; a refusal has no token."""
    with http_sink(matrix) as sink:
        service = Service(sink, f"matrix://:syt_token_of_sensu@127.0.0.1:{sink.port}/{ROOM}")
        service.reference = "$gone"
        assert service.tell(RECOVERY, RESOLVED).reference == "$first"
    with http_sink(lambda request: (403, {"error": "M_FORBIDDEN: syt_token_of_sensu is not in the room"})) as sink:
        refused = Service(sink, f"matrix://syt_token_of_sensu@127.0.0.1:{sink.port}/{ROOM}").tell(RECOVERY, RESOLVED)
    assert "M_FORBIDDEN" in refused.why
    assert "syt_token_of_sensu" not in refused.why


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (f"matrixs://token@matrix.example.org/{ROOM}", "matrix"),
        (f"matrixs://user:password@matrix.example.org/{ROOM}", ""),
        ("matrixs://token@matrix.example.org/#alias", ""),
        (f"matrixs://token@matrix.example.org/{ROOM}?mode=slack", ""),
        (f"slack://{BOT}/#ops", "slack"),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/", ""),
        (f"slack://{BOT}/#ops?footer=no", ""),
        ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js/?tts=yes", ""),
        ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js/", "discord"),
        ("tgram://123456789:abcdefg_hijklmnop/12315544/", "telegram"),
        ("tgram://123456789:abcdefg_hijklmnop/", ""),
        ("ntfy://our-alerts", "ntfy"),
        ("ntfys://user:password@ntfy.example.org/alerts", "ntfy"),
        ("ntfy://host/alerts?priority=max", ""),
        ("mailto://mail.example.org?to=a@example.org", ""),
    ],
)
def test_options_of_apprise_are_left_to_apprise(url: str, name: str) -> None:
    """A URL with an option that a sender of ours does not know is sent by Apprise, which does."""
    sender = own_sender(url)
    assert ("" if sender is None else sender.__module__.rpartition(".")[2]) == name


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda request: (403, {"error": "forbidden topic"}), "forbidden topic (HTTP 403)"),
        (lambda request: (502, {}), "HTTP status 502"),
    ],
)
def test_a_refusal_has_the_words_of_the_service(answer: Callable[[Request], Answer], why: str) -> None:
    """The reason of a failure is what the service says, or its status."""
    with http_sink(answer) as sink:
        assert Service(sink, f"ntfy://127.0.0.1:{sink.port}/alerts").tell(RECOVERY, RESOLVED).why == why


def test_an_unreachable_service_is_a_failure_without_tokens() -> None:
    """A refused connection is a failure that shows no token."""
    result = send(SendRequest(f"slack://{BOT}/#ops?api=http://127.0.0.1:1", RECOVERY, 5.0))
    assert "Connection refused" in result.why
    assert BOT not in result.why


@pytest.mark.parametrize(
    ("url", "more"),
    [
        ("mailto://h?to=a@b.org", "&%2BReferences=%3Ci-1%40sensu%3E&%2BIn-Reply-To=%3Ci-1%40sensu%3E"),
        ("pagerduty://integration@key", "?dedup=i-1&action=map"),
        ("pagerduty://integration@key?dedup=own", "&action=map"),
        ("opsgenie://key", "?alias=i-1"),
        ("json://h/path", ""),
    ],
)
def test_services_that_group_by_a_key_get_the_incident(url: str, more: str) -> None:
    """Mails of an incident refer to the same id, and paging services open and close by it."""
    assert with_thread(SendRequest(url, RECOVERY, 5.0, thread="i-1")) == url + more
