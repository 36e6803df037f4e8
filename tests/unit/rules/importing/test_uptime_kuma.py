"""Monitors and notifications of Uptime Kuma as resources."""

import json
from typing import Any

import apprise
import pytest

from sensu.resources.kinds import CHECK, EVENT_FILTER, HANDLER, SECRET
from sensu.rules.importing.imported import Imported
from sensu.rules.importing.kuma_notifications import service_url
from sensu.rules.importing.uptime_kuma import imported_from
from tests.unit.rules.importing.imports import SAMPLES, checks, documents, read_by_sensu_check, words_of

BACKUP = json.loads((SAMPLES / "uptime-kuma.json").read_text())


NOW = 1_790_000_000.0


def of_monitor(**monitor: Any) -> Imported:
    return imported_from({"monitorList": [{"id": 1, "name": "m", "interval": 60, **monitor}]}, "pollers", NOW)


def test_every_monitor_becomes_a_check_or_is_named_with_the_reason() -> None:
    """Nothing is dropped silently, and sensu-check accepts every command."""
    imported = imported_from(BACKUP, "pollers", NOW)
    commands = {name: spec["command"] for name, spec in checks(imported).items()}
    assert {name: command.split()[1] for name, command in commands.items()} == {
        "Shop-EU": "http",
        "Login-page": "http",
        "Orders": "http",
        "Database-port": "tcp",
        "Router": "ping",
        "Name": "dns",
        "Cache": "redis",
        "Orders-2": "postgres",
        "Container": "docker",
    }
    for command in commands.values():
        read_by_sensu_check(command)
    reasons = {one.what: one.why for one in imported.not_taken}
    assert list(reasons) == [
        'notification "Bell"',
        'monitor "Nightly backup"',
        'monitor "Queue"',
        'monitor "Intranet"',
        'monitor "Deep"',
        'monitor "Empty"',
    ]
    assert '"ttl": 86400' in reasons['monitor "Nightly backup"']
    assert "NTLM" in reasons['monitor "Intranet"']
    assert reasons['monitor "Empty"'] == "it has no hostname"


def test_a_web_page_is_asked_for_as_before() -> None:
    """Statuses, redirects, headers, credentials and the time limit are those of the monitor; secrets are variables."""
    imported = imported_from(BACKUP, "pollers", NOW)
    spec = checks(imported)["Shop-EU"]
    variables = {"SENSU_IMPORT_SHOP_EU_LOGIN": "ann:s3 cret", "SENSU_IMPORT_SHOP_EU_X_API_KEY": "k1"}
    assert words_of(spec["command"], **variables) == [
        *("sensu-check", "http", "https://shop.example.org/health", "--status", "2xx,301"),
        *("--header", "X-Api-Key: k1", "--header", "Accept: text/{{html}}"),
        *("--user-env", "SENSU_IMPORT_SHOP_EU_LOGIN", "--redirects", "10", "--insecure"),
        *("--expires-warning", "~:", "--expires-critical", "~:", "-t", "48s"),
    ]
    assert variables.items() <= imported.secrets.items()
    assert (spec["interval"], spec["timeout"], spec["subscriptions"]) == (60, 53, ["pollers"])
    assert (spec["proxy_entity_name"], spec["round_robin"], spec["publish"]) == ("shop.example.org", True, True)
    metadata = documents(imported, CHECK)["Shop-EU"]["metadata"]
    assert metadata["labels"] == {"team": "web", "group": "Web"}
    assert metadata["annotations"]["attempts"] == "3"
    assert not any(
        value in json.dumps([one.document() for one in imported.resources]) for value in ("s3 cret", "pa ss")
    )


def test_a_keyword_that_must_not_be_found_is_a_pattern() -> None:
    """The quotes of a keyword reach the program, and the pattern matches only pages without it."""
    arguments = read_by_sensu_check(checks(imported_from(BACKUP, "p", NOW))["Login-page"]["command"])
    assert arguments.regex.search("all\nis well")
    assert not arguments.regex.search("sorry,\nit's down")
    assert (arguments.method, arguments.data, arguments.redirects) == ("POST", '{"a": 1}', 0)
    assert ("Content-Type", "application/json") in arguments.header


def test_an_upside_down_monitor_is_inverted_and_an_inactive_one_is_not_published() -> None:
    """A check is fine when what it looks at fails, as before, and one that was paused stays paused."""
    spec = checks(imported_from(BACKUP, "p", NOW))["Router"]
    assert read_by_sensu_check(spec["command"]).invert
    assert not spec["publish"]


@pytest.mark.parametrize(
    ("monitor", "flag", "value"),
    [
        ({"jsonPath": "status", "expectedValue": "up"}, "json", 'status == "up"'),
        ({"jsonPath": "$.n[0].id", "expectedValue": "7", "jsonPathOperator": ">="}, "json", "n[0].id >= 7"),
        ({"jsonPath": "a.b", "expectedValue": "x.y", "jsonPathOperator": "contains"}, "json", r"a.b =~ x\.y"),
    ],
)
def test_a_json_query_is_a_condition(monitor: dict[str, str], flag: str, value: str) -> None:
    """Paths, operators and values are those of the monitor."""
    imported = of_monitor(type="json-query", url="https://a.example.org", **monitor)
    assert [one.text for one in getattr(read_by_sensu_check(checks(imported)["m"]["command"]), flag)] == [value]


def test_notifications_are_handlers_that_wait_for_the_attempts_of_the_check() -> None:
    """A handler has its URL from a secret, and the filter that counts attempts."""
    imported = imported_from(BACKUP, "p", NOW)
    handlers = documents(imported, HANDLER)
    assert list(handlers) == ["Ops-Slack", "On-call"]
    assert handlers["Ops-Slack"]["spec"]["notify"]["urls"] == ["${SENSU_IMPORT_OPS_SLACK_URL}"]
    assert checks(imported)["Shop-EU"]["handlers"] == ["Ops-Slack", "On-call"]
    assert all(one["spec"]["filters"] == list(documents(imported, EVENT_FILTER)) for one in handlers.values())
    assert imported.secrets["SENSU_IMPORT_OPS_SLACK_URL"] == "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/"
    references = [one["spec"]["id"] for one in documents(imported, SECRET).values()]
    assert references == list(imported.secrets)


@pytest.mark.parametrize(
    "config",
    [
        {"type": "discord", "discordWebhookUrl": "https://discord.com/api/webhooks/417421/JHMHI8qBe7bk2ZwO5U711o3dV"},
        {
            "type": "telegram",
            "telegramBotToken": "123456789:AAFnBvHdOKlxWfLzoAFb-abcdefghij",
            "telegramChatID": "-1",
        },
        {"type": "smtp", "smtpHost": "m.example.org", "smtpFrom": "K <k@example.org>", "smtpTo": "a@example.org"},
        {"type": "teams", "webhookUrl": "https://p.logic.azure.com:443/workflows/643e69f83c89/triggers/x?sig=KODueb"},
        {"type": "webhook", "webhookURL": "https://hooks.example.org/a?b=1"},
        {"type": "gotify", "gotifyserverurl": "https://g.example.org", "gotifyapplicationToken": "AbCdEfGh1234567"},
        {"type": "ntfy", "ntfyserverurl": "https://ntfy.sh", "ntfytopic": "alerts"},
        {"type": "matrix", "homeserverUrl": "https://m.example.org", "accessToken": "t", "internalRoomId": "!a:b.org"},
        {"type": "mattermost", "mattermostWebhookUrl": "https://mm.example.org/hooks/3ccdd113474722377935511fc85d3dd4"},
        {"type": "rocket.chat", "rocketwebhookURL": "https://r.example.org/hooks/R1kQvPtWb4ZtQz2xk/AbCd1234efgh"},
        {"type": "pushover", "pushoveruserkey": "uQiRzpo4DXghDmr9QzzfQu27cmVRsG", "pushoverapptoken": "a" * 30},
        {"type": "pushbullet", "pushbulletAccessToken": "o.abcdefghijk"},
        {"type": "Opsgenie", "opsgenieApiKey": "eb243592-faa2-4ba2-a551q-1afdf565c889", "opsgenieRegion": "eu"},
        {"type": "PagerDuty", "pagerdutyIntegrationKey": "a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4"},
        {
            "type": "GoogleChat",
            "googleChatWebhookURL": "https://chat.googleapis.com/v1/spaces/A/messages?key=K&token=T",
        },
        {
            "type": "signal",
            "signalURL": "http://s.example.org:8080/v2/send",
            "signalNumber": "+4912345678901",
            "signalRecipients": "+4912345678902",
        },
        {
            "type": "twilio",
            "twilioAccountSID": "AC" + "a" * 32,
            "twilioAuthToken": "b" * 32,
            "twilioFromNumber": "+15005550006",
            "twilioToNumber": "+15005550007",
        },
        {"type": "HomeAssistant", "homeAssistantUrl": "https://h.example.org", "longLivedAccessToken": "e" * 30},
        {"type": "line", "lineChannelAccessToken": "tok+/=", "lineUserID": "U123"},
        {"type": "pushy", "pushyAPIKey": "a" * 20, "pushyToken": "b" * 20},
        {"type": "apprise", "appriseURL": "json://hooks.example.org"},
    ],
    ids=lambda config: config["type"],
)
def test_the_url_of_a_service_is_one_that_messages_can_be_sent_to(config: dict[str, str]) -> None:
    """Apprise knows the URL that is made of the settings of a notification."""
    url = service_url(config["type"], config)
    assert url is not None
    assert apprise.Apprise.instantiate(url) is not None, url
    if config["type"] != "apprise":
        assert service_url(config["type"], {"type": config["type"]}) is None


def test_settings_of_any_shape_are_refused_and_not_a_crash() -> None:
    """A backup that was changed by hand does not stop the others from being taken."""
    odd = [{"id": 1, "name": None, "type": "http", "url": 5}, "x", {"type": ["a"]}, {"type": "dns", "hostname": "h"}]
    imported = imported_from({"monitorList": odd, "notificationList": [{"config": "{"}, {"config": 3}, None]}, "p", NOW)
    assert list(checks(imported)) == ["monitor-None"]
    assert len(imported.not_taken) == 3
