"""A logged-in connection to the API, which renews its tokens."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from sensu.client.http_api import HTTPAPI, STATUS_TEXTS, APIAnswer, APIUnreachable, TLSOptions
from sensu.clock import SystemClock
from sensu.sensuctl.configuration import Cluster, Configuration
from sensu.sensuctl.failure import APIError, CommandFailed
from sensu.sensuctl.paths import url_query
from sensu.version import VERSION

if TYPE_CHECKING:
    from sensu.client.event_stream import ServerSentEvent

LICENSE_TEXT = (
    "This functionality requires a valid Sensu Go license with a sufficient entity limit. "
    "To get a valid license file, arrange a trial, or increase your entity limit, contact Sales."
)


CERTIFICATE_BEGIN = b"-----BEGIN CERTIFICATE-----"
CA_BYTES_MAX = 16 * 1024 * 1024
SILENCE_S = 40.0
"""The time without data after which a stream counts as lost; the API sends at least every 15 s."""


class SessionEnded(CommandFailed):
    """The refresh token has expired."""

    def __init__(self, message: str) -> None:
        super().__init__(message, plain="your session has ended: log in again with 'sensuctl configure'")


class ReceivedList(NamedTuple):
    """A list or a page of it, and the warning that came with it."""

    items: list[Any]
    warning: str = ""


class APISession:
    """Requests to the configured API; `warn` receives warnings."""

    def __init__(
        self,
        configuration: Configuration,
        *,
        warn: Callable[[str], None] = lambda _: None,
        url: str = "",
        force: bool = False,
    ) -> None:
        """With `force`, the API also makes changes that it refuses as a precaution."""
        self._force = force
        self.configuration = configuration
        ca_file = usable_ca_file(configuration.trusted_ca_file, warn)
        tls = TLSOptions(ca_file, configuration.insecure_skip_tls_verify)
        self._api = HTTPAPI(
            url or configuration.api_url,
            timeout_s=configuration.timeout_s,
            tls=tls,
            agent=f"sensuctl/{VERSION}",
            environment=configuration.environment,
        )

    def log_in(self, username: str, password: str) -> dict[str, Any]:
        """The tokens for a user name and password; raises CommandFailed with the API's reason."""
        try:
            answer = self._api.request("GET", "/auth", headers={"Authorization": _basic(username, password)})
        except APIUnreachable as err:
            raise CommandFailed(str(err)) from err
        return _tokens_in(answer, "GET", "/auth")

    def redeem(self, code: str, verifier: str) -> dict[str, Any]:
        """The tokens for the code of a log-in with the browser; raises CommandFailed with the API's reason."""
        path = "/api/enterprise/authentication/v2/oidc/token"
        body = _json_bytes({"code": code, "code_verifier": verifier})
        return _tokens_in(self._send("POST", path, {"Content-Type": "application/json"}, body), "POST", path)

    def test_credentials(self, username: str, password: str) -> None:
        """Return if a user name and password are correct; raises CommandFailed with the API's reason."""
        answer = self._send("GET", "/auth/test", {"Authorization": _basic(username, password)}, None)
        _expect(answer, "GET", "/auth/test")

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """The JSON at a path."""
        return _content(self.call("GET", path, query=query))

    def get_with_headers(self, path: str) -> tuple[Any, Mapping[str, str]]:
        """The JSON at a path, and the headers of the answer with names in lower case."""
        answer = self.call("GET", path)
        return _content(answer), answer.headers

    def call(
        self,
        method: str,
        path: str,
        content: Any = None,
        *,
        query: Mapping[str, str] | None = None,
        media_type: str = "application/json",
    ) -> APIAnswer:
        """The answer to a request with the session's credentials; raises APIError if the API refuses it.

        `content` is sent as JSON, bytes as they are.
        """
        if self._force and method != "GET":
            query = {**(query or {}), "force": "true"}
        if query:
            path = f"{path}?{url_query(query)}"
        return self.call_as(self.authorization(), method, path, content, media_type=media_type)

    def call_as(
        self, authorization: str, method: str, path: str, content: Any = None, *, media_type: str = "application/json"
    ) -> APIAnswer:
        """Like `call`, with other credentials."""
        body = content if content is None or isinstance(content, bytes) else _json_bytes(content)
        headers = {"Authorization": authorization, "Content-Type": media_type}
        return _expect(self._send(method, path, headers, body), method, path)

    def pages(self, path: str, query: Mapping[str, str], chunk_size: int) -> Iterator[ReceivedList]:
        """A list in pages of `chunk_size`, or in one page if that is 0."""
        asked = {**query, "limit": str(chunk_size)} if chunk_size > 0 else dict(query)
        while True:
            answer = self.call("GET", path, query=asked)
            items = _content(answer)
            if items is None:
                items = []
            if not isinstance(items, list):
                raise CommandFailed(f"the API did not answer GET {path} with a list")
            yield ReceivedList(items, answer.headers.get("sensu-entity-warning", ""))
            more = answer.headers.get("sensu-continue", "")
            if not more:
                return
            asked["continue"] = more

    def listing(self, path: str, query: Mapping[str, str] | None = None, chunk_size: int = 0) -> ReceivedList:
        """A list, fetched in pages of `chunk_size` elements if that is not 0."""
        items: list[Any] = []
        warning = ""
        for page in self.pages(path, query or {}, chunk_size):
            items.extend(page.items)
            warning = warning or page.warning
        return ReceivedList(items, warning)

    def follow(self, path: str, query: Mapping[str, str], last_id: str) -> "Iterator[ServerSentEvent]":
        """The changes of a list after `last_id`, until the connection ends.

        Raises CommandFailed if the connection fails, APIError if the API refuses.
        """
        from sensu.client.event_stream import server_sent_events  # noqa: PLC0415 - only for --watch

        headers = {"Authorization": self.authorization(), "Accept": "text/event-stream"}
        if last_id:
            headers["Last-Event-ID"] = last_id
        try:
            found = self._api.stream(f"{path}?{url_query({**query, 'watch': 'true'})}", headers, SILENCE_S)
            if isinstance(found, APIAnswer):
                _expect(found, "GET", path)
                raise CommandFailed("this API does not support --watch: it did not answer with a stream")
            yield from server_sent_events(found)
        except (APIUnreachable, ValueError) as err:
            raise CommandFailed(str(err)) from err

    def authorization(self) -> str:
        """The Authorization header: the API key or a valid access token."""
        key = self.configuration.api_key
        return f"Key {key}" if key else f"Bearer {self.access_token()}"

    def access_token(self) -> str:
        """The access token, renewed if it has expired; raises CommandFailed if that fails."""
        if self.configuration.cluster.expires_at < SystemClock().now():
            with self.configuration.alone():
                if not self._taken_over():
                    self.renew()
        return self.configuration.cluster.access_token

    def _taken_over(self) -> bool:
        """Use the tokens if another sensuctl has renewed them; returns whether it has."""
        found, cluster = self.configuration.cluster_of_others(), self.configuration.cluster
        if found.api_url != cluster.api_url or found.expires_at < SystemClock().now():
            return False
        cluster.access_token, cluster.refresh_token = found.access_token, found.refresh_token
        cluster.expires_at = found.expires_at
        return True

    def renew(self) -> None:
        """Exchange the refresh token for new tokens and save them."""
        cluster = self.configuration.cluster
        if not cluster.refresh_token:
            raise SessionEnded("configured access token has expired")
        body = json.dumps({"refresh_token": cluster.refresh_token}).encode()
        headers = {"Authorization": f"Bearer {cluster.access_token}", "Content-Type": "application/json"}
        answer = self._send("POST", "/auth/token", headers, body)
        if answer.status != 200:
            text = f"The server returned the error: {answer.status} {_message(answer).strip()}"
            raise SessionEnded(f"failed to request new refresh token; client returned '{text}'")
        remember_tokens(cluster, _content(answer))
        self.configuration.save_cluster()

    def _send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> APIAnswer:
        try:
            return self._api.request(method, path, headers=headers, body=body)
        except APIUnreachable as err:
            raise CommandFailed(str(err)) from err


def _tokens_in(answer: APIAnswer, method: str, path: str) -> dict[str, Any]:
    """The tokens of a log-in; raises CommandFailed."""
    if answer.status != 200:
        raise APIError(answer.status, _message(answer), method, path, answer.headers.get("date", ""))
    tokens = _content(answer)
    if not isinstance(tokens, dict):
        raise CommandFailed("the API answered without tokens: is this the URL of a Sensu backend?")
    return tokens


def remember_tokens(cluster: Cluster, tokens: Mapping[str, Any]) -> None:
    """Store the tokens from the API in the configuration."""
    cluster.access_token = str(tokens.get("access_token", ""))
    cluster.expires_at = int(tokens.get("expires_at", 0))
    cluster.refresh_token = str(tokens.get("refresh_token", ""))
    cluster.logged_in_once = True


def _json_bytes(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode()


def usable_ca_file(path: str, warn: Callable[[str], None]) -> str:
    """The file of certificate authorities, empty if it contains none.

    Source: recorded scenario env.
    """
    if not path:
        return ""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib would be imported for this alone
            if CERTIFICATE_BEGIN in file.read(CA_BYTES_MAX):
                return path
        warn(f"No certificates could be parsed out of {path}")
    except OSError as err:
        warn(f"Error reading CA file: open {path}: {(err.strerror or str(err)).lower()}")
    warn("Trying to use the system's default CA certificates")
    return ""


def _basic(username: str, password: str) -> str:
    import base64  # noqa: PLC0415 - only for logging in

    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def _content(answer: APIAnswer) -> Any:
    """The JSON of an answer; raises CommandFailed if it is not JSON, for example because the URL is wrong."""
    try:
        return answer.json()
    except ValueError as err:
        start = answer.body[:60].decode(errors="replace").strip()
        raise CommandFailed(f"the API did not answer with JSON but with {start!r}: is the URL right?") from err


def _expect(answer: APIAnswer, method: str, path: str) -> APIAnswer:
    if answer.status >= 400:
        raise APIError(answer.status, _message(answer), method, path, answer.headers.get("date", ""))
    return answer


def _message(answer: APIAnswer) -> str:
    """The message of the API: that of a JSON error, the text of the answer, or the status.

    Source: recorded sensuctl sessions (api-key-forms, create-errors, user).
    """
    if answer.status == 402:
        return LICENSE_TEXT
    text = answer.body.decode(errors="replace")
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if isinstance(content, dict):
        found = content.get("message") or content.get("Message")
        if found:
            return str(found)
    status = f"{answer.status} {STATUS_TEXTS.get(answer.status, '')}".rstrip()
    return text if text.strip() else f"the API returned: {status}"
