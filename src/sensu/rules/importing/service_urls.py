"""URLs of notify handlers for the services that other monitoring systems send messages to.

Each function takes what the other system knows, and returns the URL in the form of Apprise; None if it does not have
what the URL needs.
"""

import re
from collections.abc import Sequence
from urllib.parse import parse_qs, quote, urlencode

from sensu.rules.importing.web_addresses import web_address

_SLACK = re.compile(r"https://hooks\.slack\.com/services/([^/]+)/([^/]+)/([^/?]+)")
_DISCORD = re.compile(r"https://(?:\w+\.)?discord(?:app)?\.com/api/(?:v\d+/)?webhooks/(\d+)/([^/?]+)")
_WORKFLOW = re.compile(r"/workflows/([^/]+)/")
_GOOGLE_CHAT = re.compile(r"/v1/spaces/([^/]+)/messages")
_CREDENTIALS = re.compile(r"[^/]*@")


def _part(text: str) -> str:
    return quote(text, safe="")


def _at_server(scheme: str, url: str, *path: str, user: str = "", keep_path: bool = True) -> str | None:
    """`schemes://user@host:port/path` for a server with TLS, `scheme://…` without."""
    parts = web_address(url)
    if parts is None or not all(path):
        return None
    place = _CREDENTIALS.sub("", parts.netloc)
    base = parts.path.rstrip("/") if keep_path else ""
    secure = "s" if parts.scheme == "https" else ""
    return f"{scheme}{secure}://{user}{place}{base}/{'/'.join(path)}"


def slack(url: str) -> str | None:
    """An incoming webhook of Slack."""
    found = _SLACK.match(url)
    return f"slack://{'/'.join(found.groups())}/" if found else None


def discord(url: str, thread: str = "") -> str | None:
    """A webhook of Discord."""
    found = _DISCORD.match(url)
    return f"discord://{found[1]}/{found[2]}/{f'?thread={_part(thread)}' if thread else ''}" if found else None


def telegram(token: str, chat: str, topic: str = "") -> str | None:
    """A bot of Telegram."""
    return f"tgram://{token}/{_part(chat)}{f':{topic}' if topic else ''}/" if token and chat else None


def teams(url: str) -> str | None:
    """A workflow of Microsoft Teams."""
    parts = web_address(url)
    workflow = _WORKFLOW.search(parts.path) if parts else None
    signature = parse_qs(parts.query).get("sig") if parts else None
    if parts is None or workflow is None or not signature:
        return None
    return f"workflow://{parts.hostname}:{parts.port or 443}/{workflow[1]}/{_part(signature[0])}/"


def mail(
    host: str, port: int, *, sender: str, to: Sequence[str], user: str = "", password: str = "", mode: str = "starttls"
) -> str | None:
    """Mail by way of a server; `mode` is starttls, ssl or insecure."""
    if not host or not to or not sender:
        return None
    login = f"{_part(user)}:{_part(password)}@" if user else ""
    query = {"from": sender, "to": ",".join(to)} | ({"mode": mode} if mode != "insecure" else {})
    place = f"{host}:{port}" if port else host
    return f"{'mailto' if mode == 'insecure' else 'mailtos'}://{login}{place}?{urlencode(query, safe='@,')}"


def webhook(url: str) -> str | None:
    """A web address that gets a JSON object."""
    parts = web_address(url)
    if parts is None:
        return None
    query = f"?{parts.query}" if parts.query else ""
    return f"{'jsons' if parts.scheme == 'https' else 'json'}://{parts.netloc}{parts.path}{query}"


def gotify(url: str, token: str) -> str | None:
    """A Gotify server."""
    return _at_server("gotify", url, _part(token))


def ntfy(url: str, topic: str, *, user: str = "", password: str = "", token: str = "") -> str | None:
    """A topic of an ntfy server."""
    login = f"{_part(user)}:{_part(password)}@" if user else f"{_part(token)}@" if token else ""
    return _at_server("ntfy", url or "https://ntfy.sh", _part(topic), user=login)


def matrix(url: str, token: str, room: str) -> str | None:
    """A room of a Matrix server."""
    if not token:
        return None
    return _at_server("matrix", url, quote(room, safe="!#:"), user=f":{_part(token)}@", keep_path=False)


def mattermost(url: str, channel: str = "") -> str | None:
    """An incoming webhook of Mattermost."""
    before, _, key = url.strip().rpartition("/hooks/")
    found = _at_server("mmost", before, _part(key)) if before else None
    return f"{found}?channels={_part(channel)}" if found and channel else found


def rocket_chat(url: str, channel: str = "") -> str | None:
    """An incoming webhook of Rocket.Chat."""
    before, _, key = url.strip().rpartition("/hooks/")
    tokens = key.split("/")
    if len(tokens) != 2 or not all(tokens):
        return None
    room = f"#{channel.lstrip('#')}" if channel else "?mode=webhook"
    return _at_server("rocket", before, room, user=f"{'/'.join(tokens)}@")


def pushover(user: str, token: str, device: str = "") -> str | None:
    """Pushover."""
    return f"pover://{_part(user)}@{_part(token)}/{_part(device)}" if user and token else None


def by_key(scheme: str, *keys: str) -> str | None:
    """A service that needs keys alone."""
    return f"{scheme}://{'/'.join(_part(key) for key in keys)}/" if all(keys) else None


def opsgenie(key: str, region: str = "") -> str | None:
    """Opsgenie; the region is `eu`, or the United States."""
    found = by_key("opsgenie", key)
    return f"{found}?region=eu" if found and region.lower() == "eu" else found


def pagerduty(key: str) -> str | None:
    """PagerDuty, whose address names the key of an integration, and one of the API, which sends no events."""
    return f"pagerduty://{_part(key)}@{_part(key)}/" if key else None


def google_chat(url: str) -> str | None:
    """A webhook of Google Chat."""
    parts = web_address(url)
    space = _GOOGLE_CHAT.search(parts.path) if parts else None
    query = parse_qs(parts.query) if parts else {}
    if space is None or not query.get("key") or not query.get("token"):
        return None
    return by_key("gchat", space[1], query["key"][0], query["token"][0])


def signal(url: str, sender: str, to: Sequence[str]) -> str | None:
    """A server of the Signal REST API."""
    parts = web_address(url)
    if parts is None or not to:
        return None
    return _at_server("signal", f"{parts.scheme}://{parts.netloc}", _part(sender), *map(_part, to))


def twilio(account: str, token: str, sender: str, to: str) -> str | None:
    """A short message by Twilio."""
    whole = account and token and sender and to
    return f"twilio://{_part(account)}:{_part(token)}@{_part(sender)}/{_part(to)}/" if whole else None


def home_assistant(url: str, token: str) -> str | None:
    """A Home Assistant server."""
    return _at_server("hassio", url, _part(token))
