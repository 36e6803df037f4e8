"""A session with an API that may answer anything."""

import http.server
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from sensu.sensuctl.configuration import Configuration
from sensu.sensuctl.failure import APIError, CommandFailed
from sensu.sensuctl.session import APISession

LIST = "/api/core/v2/namespaces/default/checks"
ANSWERS: dict[str, tuple[int, str, dict[str, str]]] = {
    "/html": (200, "<html>welcome</html>", {}),
    "/object": (200, "{}", {}),
    "/json-error": (400, '{"message": "resource is invalid", "code": 3}', {}),
    "/old-json-error": (401, '{"Code": 5, "Message": "invalid credentials"}', {}),
    "/text-error": (400, "user does not exist\n", {}),
    "/empty-error": (405, "", {}),
    "/license": (402, "anything", {}),
    f"{LIST}?limit=2": (200, "[1, 2]", {"Sensu-Continue": "a b", "Sensu-Entity-Warning": "many"}),
    f"{LIST}?limit=2&continue=a%20b": (200, "[3]", {}),
    LIST: (200, "null", {}),
}


class API(http.server.BaseHTTPRequestHandler):
    """Answers from the table; keeps the credentials it was sent."""

    seen: list[str | None] = []

    def do_GET(self) -> None:
        API.seen.append(self.headers["Authorization"])
        status, body, headers = ANSWERS[self.path]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def session() -> Iterator[APISession]:
    """A session with an API key."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), API) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        yield APISession(Configuration("", "", over={"api-url": url, "api-key": "the-key"}))
        server.shutdown()


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/json-error", 400, "resource is invalid"),
        ("/old-json-error", 401, "invalid credentials"),
        ("/text-error", 400, "user does not exist\n"),
        ("/empty-error", 405, "the API returned: 405 Method Not Allowed"),
        ("/license", 402, "This functionality requires a valid Sensu Go license with a sufficient entity limit."),
    ],
)
def test_the_apis_reason_is_told(session: APISession, path: str, status: int, text: str) -> None:
    """Whatever form a refusal has, its words reach the user."""
    with pytest.raises(APIError) as raised:
        session.get(path)
    assert raised.value.status == status
    assert str(raised.value).startswith(text)


def test_an_answer_that_is_no_json_is_an_error(session: APISession) -> None:
    """A URL of something else than an API gives one line."""
    with pytest.raises(CommandFailed, match="did not answer with JSON but with '<html>welcome</html>'"):
        session.get("/html")
    with pytest.raises(CommandFailed, match="did not answer GET .* with a list"):
        session.listing("/object")


def test_pages_are_put_together_with_their_warning(session: APISession) -> None:
    """A list in pages is one list; null is an empty one."""
    found = session.listing(LIST, chunk_size=2)
    assert (found.items, found.warning) == ([1, 2, 3], "many")
    assert session.listing(LIST).items == []


def test_a_key_goes_before_a_token(session: APISession) -> None:
    """With an API key no token is sent or renewed."""
    session.listing(LIST)
    assert API.seen[-1] == "Key the-key"


def configuration(**cluster: Any) -> Configuration:
    made = Configuration("", "", over={"api-url": "http://127.0.0.1:1"})
    for name, value in cluster.items():
        setattr(made.cluster, name, value)
    return made


def test_an_old_token_without_another_is_told() -> None:
    """Without a refresh token the user must log in again, and reads so before anything is sent."""
    session = APISession(configuration(access_token="a", expires_at=1))
    with pytest.raises(CommandFailed, match="^configured access token has expired$"):
        session.get("/")


def test_a_file_of_authorities_that_cannot_be_read_is_a_warning() -> None:
    """The system's authorities are trusted then, and the user knows."""
    heard: list[str] = []
    made = configuration()
    made.over = {**made.over, "trusted-ca-file": "nosuch"}
    APISession(made, warn=heard.append)
    assert heard[0] == "Error reading CA file: open nosuch: no such file or directory"
