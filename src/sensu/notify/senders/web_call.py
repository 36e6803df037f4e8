"""Requests to the web APIs of services."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from sensu.rules.command_output import LINE_CHARACTERS_MAX, printable

ANSWER_BYTES_MAX = 256 * 1024
"""What is longer is not read."""
_REASONS = ("error", "description", "message")
"""The fields of answers in which services say why they refuse."""


class ServiceRefused(Exception):
    """A service did not take a message: `why` in its words, and the HTTP status (0: it was not reached)."""

    def __init__(self, why: str, status: int = 0) -> None:
        super().__init__(why)
        self.why, self.status = why, status


def call(
    method: str, url: str, body: Mapping[str, Any], timeout_s: float, headers: Mapping[str, str] | None = None
) -> Any:
    """The JSON answer of a service to a JSON body; raises ServiceRefused, whose text has no part of the URL."""
    given = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Sensu", **(headers or {})}
    data = json.dumps(body).encode()
    try:
        request = urllib.request.Request(url, data, given, method=method)  # noqa: S310 - only http and https
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:  # noqa: S310
            return _json(answer.read(ANSWER_BYTES_MAX))
    except urllib.error.HTTPError as err:
        raise ServiceRefused(_reason(_json(err.read(ANSWER_BYTES_MAX)), err.code), err.code) from None
    except urllib.error.URLError as err:
        reason = err.reason.strerror if isinstance(err.reason, OSError) and err.reason.strerror else err.reason
        raise ServiceRefused(_short(str(reason))) from None
    except TimeoutError:
        raise ServiceRefused("timed out") from None
    except (OSError, ValueError) as err:
        raise ServiceRefused(_short(f"{type(err).__name__}: {err}").replace(url, "the URL")) from None


def _json(data: bytes) -> Any:
    try:
        return json.loads(data) if data else {}
    except ValueError:
        return {}


def _reason(answer: Any, status: int) -> str:
    """Why a service refused."""
    if isinstance(answer, dict):
        for name in _REASONS:
            if isinstance(answer.get(name), str) and answer[name]:
                return f"{_short(answer[name])} (HTTP {status})"
    return f"HTTP status {status}"


def _short(text: str) -> str:
    return printable(text[:LINE_CHARACTERS_MAX])
