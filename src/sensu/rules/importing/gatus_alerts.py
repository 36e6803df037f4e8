"""The URLs for the alerting providers of Gatus.

Source: Gatus, README, "Alerting".
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from sensu.rules.importing import service_urls

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_MARK = "VARIABLE0{}0"
"""Stands for a variable while a URL is made; it has only characters that no URL encodes."""


class _Settings:
    """Settings as texts, in which variables of the environment are replaced by marks."""

    def __init__(self, values: Mapping[str, Any], variables: list[str]) -> None:
        self._values, self._variables = values, variables

    def __getitem__(self, name: str) -> str:
        value = self._values.get(name)
        return "" if value is None else _VARIABLE.sub(self._mark, str(value).strip())

    def several(self, name: str) -> list[str]:
        """The texts of a list, or those of a text with commas."""
        value = self._values.get(name)
        texts = value if isinstance(value, list) else str(value or "").split(",")
        return [_VARIABLE.sub(self._mark, str(one).strip()) for one in texts if str(one).strip()]

    def _mark(self, found: re.Match[str]) -> str:
        if found[1] not in self._variables:
            self._variables.append(found[1])
        return _MARK.format(self._variables.index(found[1]))


def service_url(kind: str, settings: Mapping[str, Any], variables: list[str]) -> str | None:
    """The URL for a provider; None if it is not known or its settings are not complete.

    The names of the environment variables in the URL are added to `variables`.
    """
    make = _PROVIDERS.get(kind)
    url = None if make is None else make(_Settings(settings, variables))
    for number, variable in enumerate(variables):
        url = url and url.replace(_MARK.format(number), f"${{{variable}}}")
    return url


def _mail(of: _Settings) -> str | None:
    port = int(of["port"]) if of["port"].isdecimal() else 587
    return service_urls.mail(
        of["host"],
        port,
        sender=of["from"],
        to=of.several("to"),
        user=(of["username"] or of["from"]) if of["password"] else "",
        password=of["password"],
        mode="ssl" if port == 465 else "starttls",
    )


_PROVIDERS: Mapping[str, Callable[[_Settings], str | None]] = {
    "discord": lambda of: service_urls.discord(of["webhook-url"]),
    "email": _mail,
    "googlechat": lambda of: service_urls.google_chat(of["webhook-url"]),
    "gotify": lambda of: service_urls.gotify(of["server-url"], of["token"]),
    "homeassistant": lambda of: service_urls.home_assistant(of["url"], of["token"]),
    "line": lambda of: service_urls.by_key("line", of["channel-access-token"], *of.several("user-ids")),
    "matrix": lambda of: service_urls.matrix(
        of["server-url"] or "https://matrix-client.matrix.org", of["access-token"], of["internal-room-id"]
    ),
    "mattermost": lambda of: service_urls.mattermost(of["webhook-url"], of["channel"]),
    "ntfy": lambda of: service_urls.ntfy(of["url"], of["topic"], token=of["token"]),
    "opsgenie": lambda of: service_urls.opsgenie(of["api-key"]),
    "pagerduty": lambda of: service_urls.pagerduty(of["integration-key"]),
    "pushover": lambda of: service_urls.pushover(of["user-key"], of["application-token"], of["device"]),
    "rocketchat": lambda of: service_urls.rocket_chat(of["webhook-url"], of["channel"]),
    "signal": lambda of: service_urls.signal(of["api-url"], of["number"], of.several("recipients")),
    "slack": lambda of: service_urls.slack(of["webhook-url"]),
    "teams-workflows": lambda of: service_urls.teams(of["webhook-url"]),
    "telegram": lambda of: service_urls.telegram(of["token"], of["id"], of["topic-id"]),
    "twilio": lambda of: service_urls.twilio(of["sid"], of["token"], of["from"], of["to"]),
}
