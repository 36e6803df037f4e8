"""The audit log over HTTP: what is kept of changes and log-ins, what is not, and who may read it."""

import asyncio
import base64
import json
from typing import Any

import pytest

from sensu.backend.services.audit import REFUSED_LOGINS_A_MINUTE_MAX, UNKNOWN_USER, AuditLog
from sensu.store.values import AppendAudit
from sensu.testing.virtual_clock import VirtualClock
from tests.flows.api_harness import ADMIN, PASSWORD, RunningApi

CHECKS = "/api/core/v2/namespaces/default/checks"
USERS = "/api/core/v2/users"
AUDIT = "/api/sensu/v1/audit"
CHECK = {
    "command": "check-http.sh",
    "interval": 60,
    "subscriptions": ["web"],
    "publish": True,
    "metadata": {"name": "http", "namespace": "default"},
}


class Admin:
    """Changes things and reads the log."""

    def __init__(self, api: RunningApi, authorization: str) -> None:
        self.api = api
        self.authorization = authorization

    async def call(self, method: str, path: str, body: object = None) -> int:
        answer = await self.api.call(method, path, body, Authorization=self.authorization)
        return answer.status

    async def log(self, query: str = "") -> list[Any]:
        """The entries, newest first."""
        answer = await self.api.call("GET", AUDIT + query, Authorization=self.authorization)
        assert answer.status == 200, answer.body
        entries: list[Any] = json.loads(answer.body)
        return entries


@pytest.fixture
async def admin(api: RunningApi) -> Admin:
    return Admin(api, await api.token())


async def test_a_change_is_kept_with_what_was_before_and_after(admin: Admin) -> None:
    """Creating, replacing, patching and deleting each leave an entry that tells who, from where, what and when."""
    assert await admin.call("POST", CHECKS, CHECK) == 201
    assert await admin.call("PUT", f"{CHECKS}/http", {**CHECK, "interval": 30}) == 201
    assert await admin.call("DELETE", f"{CHECKS}/http") == 204
    deleted, updated, created, login = await admin.log()
    assert [e["action"] for e in (created, updated, deleted)] == ["create", "update", "delete"]
    for entry in (created, updated, deleted):
        place = [entry[key] for key in ("username", "address", "via", "type", "api_version", "namespace", "name")]
        assert place == [ADMIN, "127.0.0.1", "access token", "CheckConfig", "core/v2", "default", "http"]
    assert "before" not in created
    assert created["after"] == updated["before"]
    assert (updated["before"]["interval"], updated["after"]["interval"]) == (60, 30)
    assert deleted["before"] == updated["after"]
    assert "after" not in deleted
    assert deleted["id"] > updated["id"] > created["id"] > login["id"]
    assert abs(created["at"] - login["at"]) < 60
    assert (login["action"], login["username"], login["address"]) == ("login", ADMIN, "127.0.0.1")


async def test_what_changes_nothing_leaves_no_entry(admin: Admin) -> None:
    """Refused requests, reads and writes of what is there already are no changes."""
    await admin.call("POST", CHECKS, CHECK)
    before = await admin.log()
    assert await admin.call("POST", CHECKS, CHECK) == 409
    assert await admin.call("PUT", f"{CHECKS}/http", CHECK) == 201
    assert await admin.call("POST", CHECKS, {**CHECK, "interval": -1}) == 400
    assert await admin.call("DELETE", f"{CHECKS}/none") == 404
    assert await admin.call("GET", f"{CHECKS}/http") == 200
    assert await admin.log() == before


async def test_running_a_check_on_demand_is_kept(admin: Admin) -> None:
    """Who had a check run, and where, is in the log; a check that does not exist was not run."""
    await admin.call("POST", CHECKS, CHECK)
    assert await admin.call("POST", f"{CHECKS}/http/execute", {"subscriptions": ["linux"]}) == 202
    assert await admin.call("POST", f"{CHECKS}/none/execute", {}) == 404
    executed, created = (await admin.log())[:2]
    assert [executed[key] for key in ("action", "username", "type", "namespace", "name", "after")] == [
        *("execute", ADMIN, "CheckConfig", "default", "http"),
        {"subscriptions": ["linux"]},
    ]
    assert created["action"] == "create"


async def test_simultaneous_changes_form_a_chain(admin: Admin) -> None:
    """However requests overlap, what each replaced is what another one wrote."""
    await asyncio.gather(*(admin.call("PUT", f"{CHECKS}/http", {**CHECK, "interval": n}) for n in range(1, 21)))
    entries = [entry for entry in await admin.log() if entry.get("type") == "CheckConfig"]
    assert len(entries) == 20
    assert entries[-1]["action"] == "create"
    for later, earlier in zip(entries, entries[1:], strict=False):
        assert later["before"] == earlier["after"]


async def test_removing_an_event_is_kept(admin: Admin) -> None:
    """The event that somebody deleted is found in the log; reported events are not."""
    event = {
        "entity": {"metadata": {"name": "web1", "namespace": "default"}, "entity_class": "proxy"},
        "check": {"metadata": {"name": "http", "namespace": "default"}, "interval": 60, "status": 2},
    }
    path = "/api/core/v2/namespaces/default/events/web1/http"
    assert await admin.call("PUT", path, event) == 201
    assert await admin.call("DELETE", path) == 204
    assert await admin.call("DELETE", path) == 404
    removed = [entry for entry in await admin.log() if entry.get("type") == "Event"]
    assert [(e["action"], e["name"], e["before"]["check"]["status"]) for e in removed] == [("delete", "web1/http", 2)]


SECRETS = ("hunter2", "P@ssw0rd!", "$2b$", "swordfish", "open-sesame")


async def test_no_secret_is_kept(admin: Admin) -> None:
    """Passwords, hashes, API keys, values of variables and headers, and credentials in URLs stay out of the log."""
    check = {**CHECK, "env_vars": ["TOKEN=hunter2"]}
    check["metadata"] = {**CHECK["metadata"], "annotations": {"api_key": "swordfish"}}  # type: ignore[dict-item]
    asset = {
        "url": "https://ann:open-sesame@example.com/a.tar.gz",
        "sha512": "a" * 128,
        "headers": {"Authorization": "Bearer hunter2"},
        "metadata": {"name": "a", "namespace": "default"},
    }
    assert await admin.call("PUT", f"{CHECKS}/http", check) == 201
    assert await admin.call("POST", "/api/core/v2/namespaces/default/assets", asset) == 201
    assert await admin.call("POST", USERS, {"username": "ann", "password": "P@ssw0rd!"}) == 201
    passwords = {"username": "ann", "password": "P@ssw0rd!", "password_new": "P@ssw0rd!2"}
    assert await admin.call("PUT", f"{USERS}/ann/password", passwords) == 201
    granted = await admin.api.call(
        "POST", "/api/core/v2/apikeys", {"username": "ann"}, Authorization=admin.authorization
    )
    key = next(v for k, v in granted.headers.items() if k.lower() == "location").rsplit("/", 1)[1]
    assert await admin.call("DELETE", f"/api/core/v2/apikeys/{key}") == 204
    entries = await admin.log()
    text = json.dumps(entries)
    assert [secret for secret in (*SECRETS, key) if secret in text] == []
    assert key[:8] in text
    by_type = {(entry.get("type"), entry["action"]): entry for entry in entries}
    assert by_type["CheckConfig", "create"]["after"]["env_vars"] == ["TOKEN=REDACTED"]
    assert by_type["Asset", "create"]["after"]["headers"] == {"Authorization": "REDACTED"}
    assert by_type["User", "update"]["secrets_changed"] is True


async def test_log_ins_are_kept(admin: Admin) -> None:
    """Whoever logs in, fails to, or logs out is in the log."""
    wrong = await admin.api.call("GET", "/auth", Authorization="Basic YW5uOndyb25n")
    assert wrong.status == 401
    right = "Basic " + base64.b64encode(f"{ADMIN}:{PASSWORD}".encode()).decode()
    tokens = json.loads((await admin.api.call("GET", "/auth", Authorization=right)).body)
    await admin.api.call(
        "POST",
        "/auth/logout",
        {"refresh_token": tokens["refresh_token"]},
        Authorization=f"Bearer {tokens['access_token']}",
    )
    seen = [(entry["action"], entry["username"], entry["address"]) for entry in await admin.log()]
    assert seen == [
        ("logout", ADMIN, "127.0.0.1"),
        ("login", ADMIN, "127.0.0.1"),
        ("login refused", UNKNOWN_USER, "127.0.0.1"),
        ("login", ADMIN, "127.0.0.1"),
    ]


async def test_guessing_passwords_does_not_fill_the_log(admin: Admin) -> None:
    """Of many refused log-ins in a minute some are kept, and the next one that is says how many were not."""
    clock = VirtualClock()
    log = AuditLog(admin.api.store, None, clock)  # type: ignore[arg-type]
    for _ in range(REFUSED_LOGINS_A_MINUTE_MAX + 25):
        await log.login_refused("x" * 10_000, "192.0.2.1")
    assert len(await admin.log()) == REFUSED_LOGINS_A_MINUTE_MAX + 1
    await clock.advance(61)
    await log.login_refused("ann", "192.0.2.1")
    newest, one_before = (await admin.log())[:2]
    assert (newest["username"], newest["suppressed"]) == ("ann", 25)
    assert len(one_before["username"]) < 300


async def test_only_who_may_do_everything_reads_it(admin: Admin) -> None:
    """A user with all rights to every ordinary kind does not see the log; nobody can change or delete it."""
    user = {"username": "ann", "password": PASSWORD, "groups": ["admins"]}
    assert await admin.call("POST", USERS, user) == 201
    binding = {
        "metadata": {"name": "ann"},
        "role_ref": {"type": "ClusterRole", "name": "admin"},
        "subjects": [{"type": "User", "name": "ann"}],
    }
    assert await admin.call("POST", "/api/core/v2/clusterrolebindings", binding) == 201
    ann = await admin.api.token("ann", PASSWORD)
    assert (await admin.api.call("GET", CHECKS, Authorization=ann)).status == 200
    assert (await admin.api.call("GET", AUDIT, Authorization=ann)).status == 403
    assert (await admin.api.call("GET", AUDIT)).status == 401
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert await admin.call(method, AUDIT) == 405


async def test_the_log_is_read_in_pages_and_by_selectors(admin: Admin) -> None:
    """Pages of the log join to all of it, newest first, with their number; selectors choose entries."""
    for number in range(10):
        await admin.call("PUT", f"{CHECKS}/http", {**CHECK, "interval": number + 1})
    whole = await admin.log()
    joined: list[Any] = []
    token: str | None = ""
    while token is not None:
        path = f"{AUDIT}?limit=4" + (f"&continue={token}" if token else "")
        answer = await admin.api.call("GET", path, Authorization=admin.authorization)
        headers = {key.lower(): value for key, value in answer.headers.items()}
        assert headers["sensu-total-count"] == "11"
        joined += json.loads(answer.body)
        token = headers.get("sensu-continue")
    assert joined == whole
    assert len(whole) == 11
    creations = await admin.log("?fieldSelector=audit.action%20%3D%3D%20create")
    assert [entry["after"]["interval"] for entry in creations] == [1]


@pytest.mark.world(clock=VirtualClock())
@pytest.mark.parametrize(("retention_s", "entries_max", "left"), [(1000.0, 1000, 11), (45.0, 1000, 6), (1000.0, 3, 3)])
async def test_the_log_is_bounded(admin: Admin, retention_s: float, entries_max: int, left: int) -> None:
    """What is older than the retention, or more than the log may hold, goes by itself."""
    store, clock = admin.api.store, VirtualClock()
    now = clock.now()
    await store.commit([AppendAudit(now - 90.0 + 10.0 * number, b"{}") for number in range(10)])
    log = AuditLog(store, None, clock, retention_s, entries_max)  # type: ignore[arg-type]
    running = asyncio.create_task(log.run())
    clock.settle_with(lambda: store.commit([]))
    await clock.advance(1)
    running.cancel()
    assert await store.count_audit() == left


async def test_the_log_is_read_for_a_span_of_time(api: RunningApi, admin: Admin) -> None:
    """`from` and `to` bound the entries, with selectors and pages as usual; what is no time is refused."""
    entries = [AppendAudit(float(at), b'{"at":%d,"username":"ann","action":"login"}' % at) for at in range(1000, 1600)]
    await api.store.commit(entries)
    assert [entry["at"] for entry in await admin.log("?from=1100&to=1102")] == [1102, 1101, 1100]
    assert len(await admin.log("?from=1100&to=1102&fieldSelector=audit.username%20%3D%3D%20bob")) == 0
    assert [entry["at"] for entry in await admin.log("?to=1500&limit=2")] == [1500, 1499]
    assert [entry["at"] for entry in await admin.log("?from=1970-01-01T00:16:40Z&to=1000")] == [1000]
    answer = await api.call("GET", f"{AUDIT}?from=yesterday", Authorization=admin.authorization)
    assert answer.status == 400


async def test_the_log_is_exported_line_by_line(api: RunningApi, admin: Admin) -> None:
    """The export has the same entries as the list, one to a line, as a file; it needs the same right."""
    assert await admin.call("POST", CHECKS, CHECK) == 201
    expected = await admin.log("?fieldSelector=audit.type%20%3D%3D%20CheckConfig")
    path = f"{AUDIT}/export?fieldSelector=audit.type%20%3D%3D%20CheckConfig"
    answer = await api.call("GET", path, Authorization=admin.authorization)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert [json.loads(line) for line in answer.body.splitlines()] == expected
    assert len(expected) == 1
    assert (await api.call("GET", path)).status == 401
