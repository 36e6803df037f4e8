"""The URLs for the notifications of Uptime Kuma.

Source: Uptime Kuma, server/notification-providers.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sensu.rules.importing import service_urls

Settings = Mapping[str, str]


def service_url(service: str, config: Mapping[str, Any]) -> str | None:
    """The URL for a notification; None if the service is not known or its settings are not complete."""
    make = _SERVICES.get(service.lower())
    return None if make is None else make(_Texts(config))


class _Texts(dict[str, str]):
    """Settings as texts; a missing one is empty."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__({key: str(value).strip() for key, value in config.items() if value is not None})

    def __missing__(self, key: str) -> str:
        return ""


def _mail(of: Settings) -> str | None:
    secure = of["smtpSecure"].lower() in ("true", "1")
    plain = of["smtpIgnoreSTARTTLS"].lower() in ("true", "1")
    port = int(of["smtpPort"]) if of["smtpPort"].isdecimal() else 465 if secure else 587
    return service_urls.mail(
        of["smtpHost"],
        port,
        sender=of["smtpFrom"],
        to=[one.strip() for one in of["smtpTo"].split(",") if one.strip()],
        user=of["smtpUsername"],
        password=of["smtpPassword"],
        mode="ssl" if secure else "insecure" if plain else "starttls",
    )


def _ntfy(of: Settings) -> str | None:
    method = of["ntfyAuthenticationMethod"]
    return service_urls.ntfy(
        of["ntfyserverurl"],
        of["ntfytopic"],
        user=of["ntfyusername"] if method != "accessToken" else "",
        password=of["ntfypassword"],
        token=of["ntfyaccesstoken"] if method == "accessToken" else "",
    )


def _signal(of: Settings) -> str | None:
    to = [one.strip() for one in of["signalRecipients"].split(",") if one.strip()]
    return service_urls.signal(of["signalURL"], of["signalNumber"], to)


_SERVICES: Mapping[str, Callable[[Settings], str | None]] = {
    "apprise": lambda of: of["appriseURL"] if "://" in of["appriseURL"] else None,
    "discord": lambda of: service_urls.discord(of["discordWebhookUrl"], of["threadId"]),
    "googlechat": lambda of: service_urls.google_chat(of["googleChatWebhookURL"]),
    "gotify": lambda of: service_urls.gotify(of["gotifyserverurl"], of["gotifyapplicationToken"]),
    "homeassistant": lambda of: service_urls.home_assistant(of["homeAssistantUrl"], of["longLivedAccessToken"]),
    "line": lambda of: service_urls.by_key("line", of["lineChannelAccessToken"], of["lineUserID"]),
    "matrix": lambda of: service_urls.matrix(of["homeserverUrl"], of["accessToken"], of["internalRoomId"]),
    "mattermost": lambda of: service_urls.mattermost(of["mattermostWebhookUrl"], of["mattermostchannel"]),
    "ntfy": _ntfy,
    "opsgenie": lambda of: service_urls.opsgenie(of["opsgenieApiKey"], of["opsgenieRegion"]),
    "pagerduty": lambda of: service_urls.pagerduty(of["pagerdutyIntegrationKey"]),
    "pushbullet": lambda of: service_urls.by_key("pbul", of["pushbulletAccessToken"]),
    "pushover": lambda of: service_urls.pushover(of["pushoveruserkey"], of["pushoverapptoken"], of["pushoverdevice"]),
    "pushy": lambda of: service_urls.by_key("pushy", of["pushyAPIKey"], of["pushyToken"]),
    "rocket.chat": lambda of: service_urls.rocket_chat(of["rocketwebhookURL"], of["rocketchannel"]),
    "signal": _signal,
    "slack": lambda of: service_urls.slack(of["slackwebhookURL"]),
    "smtp": _mail,
    "teams": lambda of: service_urls.teams(of["webhookUrl"]),
    "telegram": lambda of: service_urls.telegram(
        of["telegramBotToken"], of["telegramChatID"], of["telegramMessageThreadID"]
    ),
    "twilio": lambda of: service_urls.twilio(
        of["twilioAccountSID"], of["twilioAuthToken"], of["twilioFromNumber"], of["twilioToNumber"]
    ),
    "webhook": lambda of: service_urls.webhook(of["webhookURL"]),
}
