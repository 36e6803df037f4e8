"""The web UI's configuration and its users' preferences over the API."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sensu.backend.stored_form import put
from sensu.resources.kinds import USER
from sensu.resources.user import User
from sensu.rules.preferences import BYTES_MAX
from tests.flows.api_harness import PASSWORD, RunningApi, quick_hash, running_api
from tests.flows.test_dashboard import build

CONFIG = "/api/enterprise/web/v1/config"
PREFERENCES = "/api/sensu/v1/preferences"
STORY_S = 60
DOCUMENTED = {
    "always_show_local_cluster": False,
    "default_preferences": {
        "poll_interval": 120000,
        "page_size": 50,
        "serialization_format": "YAML",
        "theme": "classic",
    },
    "page_preferences": [
        {"page": "entities", "page_size": 50, "order": "LASTSEEN", "selector": "proxy in entity.subscriptions"},
        {"page": "checks", "page_size": 100, "order": "NAME"},
    ],
    "license_expiry_reminder": "1080h0m0s",
    "link_policy": {
        "allow_list": True,
        "urls": ["https://example.com", "steamapp://34234234", "//google.com", "//*.google.com"],
    },
    "catalog": {"url": "https://catalog.sensu.io:443", "release_version": "version"},
    "signin_message": "with your *LDAP or system credentials*",
}


def config(**spec: Any) -> dict[str, Any]:
    return {"type": "GlobalConfig", "api_version": "web/v1", "metadata": {"name": "custom"}, "spec": spec}


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[RunningApi]:
    """A backend that serves the web UI, with the user ann, who has no role."""
    async with asyncio.timeout(STORY_S), running_api(tmp_path, dist=build(tmp_path / "dist")) as api:
        await api.store.commit([put(USER, User(username="ann", password_hash=quick_hash(PASSWORD)))])
        yield api


async def test_the_documented_configuration_is_kept_as_it_is(api: RunningApi) -> None:
    """The reference's example is stored and shown with all its fields; everybody reads it, its right changes it."""
    admin, ann = await api.token(), await api.token("ann")
    assert (await api.call("PUT", f"{CONFIG}/custom", config(**DOCUMENTED), Authorization=admin)).status == 201
    for token in (admin, ann):
        shown = json.loads((await api.call("GET", f"{CONFIG}/custom", Authorization=token)).body)
        assert shown["metadata"] == {"name": "custom", "created_by": "admin"}
        expected = {name: value for name, value in DOCUMENTED.items() if name != "always_show_local_cluster"}
        assert shown["spec"] == expected
        assert len(json.loads((await api.call("GET", CONFIG, Authorization=token)).body)) == 1
    assert (await api.call("PUT", f"{CONFIG}/custom", config(), Authorization=ann)).status == 403
    assert (await api.call("DELETE", f"{CONFIG}/custom", Authorization=ann)).status == 403
    assert (await api.call("GET", CONFIG)).status == 401
    who = await api.call("GET", "/api/sensu/v1/access/who?verb=get&resource=config", Authorization=admin)
    assert {"name": "ann", "through": "every user"} in json.loads(who.body)["users"]
    assert (await api.call("DELETE", f"{CONFIG}/custom", Authorization=admin)).status == 204


async def test_the_sign_in_page_has_the_operators_message(api: RunningApi) -> None:
    """Strangers see the message and the theme of the configuration, and nothing else of it."""
    admin = await api.token()
    spec = {
        "signin_message": "ask *ops*",
        "silence_reason_optional": True,
        "disable_bsm": True,
        "default_preferences": {"theme": "dark"},
    }
    assert (await api.call("PUT", f"{CONFIG}/custom", config(**spec), Authorization=admin)).status == 201
    state = json.loads((await api.browse("GET", "/auth/session")).body)
    assert state["settings"] == {
        "signin_message": "ask *ops*",
        "silence_reason_optional": True,
        "disable_bsm": True,
        "theme": "dark",
        "sign_on": [],
    }
    spec["default_preferences"] = {"theme": "uchiwa"}
    assert (await api.call("PUT", f"{CONFIG}/custom", config(**spec), Authorization=admin)).status == 201
    assert json.loads((await api.browse("GET", "/auth/session")).body)["settings"]["theme"] == "system"


async def test_only_named_hosts_may_embed_the_web_ui(api: RunningApi) -> None:
    """Without a configuration no page may show the web UI in a frame; with one, those of its hosts."""
    assert "frame-ancestors 'none'" in (await api.browse("GET", "/")).headers["Content-Security-Policy"]
    hosts = ["https://grafana.example.com", "https://*.example.org:8443"]
    saved = await api.call("PUT", f"{CONFIG}/custom", config(frame_ancestors=hosts), Authorization=await api.token())
    assert saved.status == 201
    policy = (await api.browse("GET", "/")).headers["Content-Security-Policy"]
    assert f"frame-ancestors {' '.join(hosts)};" in policy


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"default_preferences": {"theme": "pink"}}, "default_preferences.theme must be one of sensu, classic"),
        ({"default_preferences": {"serialization_format": "XML"}}, "serialization_format must be JSON or YAML"),
        ({"default_preferences": {"page_size": 100_000}}, "default_preferences.page_size must be from 1 to 1000"),
        ({"default_preferences": {"poll_interval": -1}}, "poll_interval must not be negative"),
        ({"page_preferences": [{"page": "users"}]}, "page_preferences[0].page must be one of events"),
        (
            {"page_preferences": [{"page": "checks", "order": "NEWEST"}]},
            "page_preferences[0].order must be one of NAME",
        ),
        ({"license_expiry_reminder": "soon"}, 'license_expiry_reminder must be a duration such as 1080h, not "soon"'),
        ({"frame_ancestors": ["*"]}, 'frame_ancestors: "*" must be like https://host'),
        ({"frame_ancestors": ["https://a.example; script-src *"]}, "must be like https://host"),
        ({"frame_ancestors": ["https://a.example\r\nSet-Cookie: a=b"]}, "must be like https://host"),
        ({"signin_message": "x" * 5_000}, "signin_message has at most 4096 characters"),
    ],
)
async def test_a_configuration_that_breaks_a_rule_is_refused(
    api: RunningApi, spec: dict[str, Any], reason: str
) -> None:
    """The answer names the field and the rule; nothing of a header can be slipped in."""
    refused = await api.call("PUT", f"{CONFIG}/custom", config(**spec), Authorization=await api.token())
    assert refused.status == 400
    assert reason in json.loads(refused.body)["message"]


async def test_preferences_are_each_users_own(api: RunningApi) -> None:
    """What one user prefers, no other sees; it comes with the state of the shell, and may be anything small."""
    admin, ann = await api.token(), await api.token("ann")
    assert json.loads((await api.call("GET", PREFERENCES, Authorization=ann)).body) == {}
    mine = {"theme": "dark", "singleKeys": False, "columns": {"events": ["labels.region"]}}
    kept = await api.call("PUT", PREFERENCES, mine, Authorization=ann)
    assert (kept.status, json.loads(kept.body)) == (200, mine)
    assert json.loads((await api.call("GET", PREFERENCES, Authorization=ann)).body) == mine
    assert json.loads((await api.call("GET", PREFERENCES, Authorization=admin)).body) == {}
    assert json.loads((await api.call("GET", "/auth/session", Authorization=ann)).body)["preferences"] == mine
    assert (await api.call("GET", PREFERENCES)).status == 401


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ([], "preferences must be a JSON object"),
        ({"a": "x" * 1_025}, "preferences.a has at most 1024 characters"),
        ({f"k{number}": "x" * 1_000 for number in range(9)}, f"preferences have at most {BYTES_MAX} bytes"),
        ({f"k{number}": 1 for number in range(65)}, "preferences has at most 64 entries"),
        ({"a": {"b": {"c": {"d": 1}}}}, "preferences.a.b.c: objects and lists are nested at most 3 deep"),
    ],
)
async def test_preferences_are_bounded(api: RunningApi, body: Any, reason: str) -> None:
    """The answer says which bound was passed."""
    refused = await api.call("PUT", PREFERENCES, body, Authorization=await api.token("ann"))
    assert refused.status == 400
    assert reason in json.loads(refused.body)["message"]
