"""Notify handlers over the API: their URLs contain tokens, which are stored sealed and shown masked."""

import json
from typing import Any

import pytest

from tests.flows.api_harness import RunningApi, reader_of

HANDLERS = "/api/core/v2/namespaces/default/handlers"
PATCH = "application/merge-patch+json"
SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/"
MASKED_SLACK = "slack://T...2/A...D/T...Q/"
MAIL = "mailto://ops:geheim-1@mail.example.org?from=sensu@example.org"
SECRETS = {"secrets": [{"name": "PAGER", "secret": "pager"}, {"name": "TOPIC", "secret": "topic"}]}
MASKED_MAIL = "mailto://ops:...@mail.example.org?from=sensu@example.org"


def handler(*urls: str, **fields: Any) -> dict[str, Any]:
    return {"metadata": {"name": "ops", "namespace": "default"}, "type": "notify", "notify": {"urls": urls, **fields}}


async def put(api: RunningApi, who: str, body: dict[str, Any], status: int = 201) -> Any:
    answer = await api.call("PUT", f"{HANDLERS}/ops", body, Authorization=who)
    assert answer.status == status, answer.body
    return answer


async def urls_for(api: RunningApi, who: str, path: str = f"{HANDLERS}/ops") -> list[str]:
    found = json.loads((await api.call("GET", path, Authorization=who)).body)
    one = found[0] if isinstance(found, list) else found
    return list(one["notify"]["urls"])


async def test_urls_are_masked_for_everybody_who_may_not_change_them(api: RunningApi, admin: str) -> None:
    """Users who may update a handler read its URLs; other readers, and the audit log, get them without tokens."""
    reader = await reader_of(api, admin, "handlers")
    await put(api, admin, handler(SLACK, MAIL, "${PAGER}", "ntfy://ntfy.example.org/${TOPIC}") | SECRETS)
    open_urls = ["${PAGER}", "ntfy://ntfy.example.org/${TOPIC}"]
    for path in (f"{HANDLERS}/ops", HANDLERS):
        assert await urls_for(api, admin, path) == [SLACK, MAIL, *open_urls]
        assert await urls_for(api, reader, path) == [MASKED_SLACK, MASKED_MAIL, *open_urls]
    audit = await api.call("GET", "/api/sensu/v1/audit", Authorization=admin)
    assert b"ops" in audit.body
    for token in (b"TIiajkdnlazkcOXrIdevi7FQ", b"geheim-1"):
        assert token not in audit.body


async def test_tokens_are_sealed_in_the_store(api: RunningApi, admin: str) -> None:
    """What the store has of a URL shows no token, and is the same when the handler is stored again."""
    await put(api, admin, handler(SLACK))
    before = await api.call("GET", f"{HANDLERS}/ops", Authorization=admin)
    await put(api, admin, handler(SLACK))
    after = await api.call("GET", f"{HANDLERS}/ops", Authorization=admin)
    assert before.headers["etag"] == after.headers["etag"]
    (page,) = [await api.store.list("core/v2.Handler", "default")]
    assert all(b"TIiajkdnlazkcOXrIdevi7FQ" not in stored.body for stored in page.items)


async def test_what_was_read_masked_can_be_sent_back(api: RunningApi, admin: str) -> None:
    """A masked URL keeps the stored one, in a PUT and in a PATCH of another field; an unknown one is refused."""
    await put(api, admin, handler(SLACK, MAIL))
    await put(api, admin, handler(MASKED_MAIL, MASKED_SLACK))
    assert await urls_for(api, admin) == [MAIL, SLACK]
    patched = await api.call("PATCH", f"{HANDLERS}/ops", {"timeout": 7}, Authorization=admin, Content_Type=PATCH)
    assert patched.status == 200
    assert json.loads(patched.body)["notify"]["urls"] == [MASKED_MAIL, MASKED_SLACK]
    assert await urls_for(api, admin) == [MAIL, SLACK]
    refused = await put(api, admin, handler("discord://4...8/J...s"), 400)
    assert "none is stored" in json.loads(refused.body)["message"]


async def test_a_url_that_is_patched_is_sealed(api: RunningApi, admin: str) -> None:
    """A PATCH stores a new URL as a PUT does."""
    reader = await reader_of(api, admin, "handlers")
    await put(api, admin, handler("ntfy://ntfy.example.org/${TOPIC}") | SECRETS)
    await api.call("PATCH", f"{HANDLERS}/ops", {"notify": {"urls": [SLACK]}}, Authorization=admin, Content_Type=PATCH)
    assert await urls_for(api, reader) == [MASKED_SLACK]
    assert await urls_for(api, admin) == [SLACK]


async def test_two_urls_that_look_alike_are_kept_apart(api: RunningApi, admin: str) -> None:
    """URLs with the same masked form keep their places."""
    other = SLACK.replace("kdnl", "xxxx")
    await put(api, admin, handler(SLACK, other))
    await put(api, admin, handler(MASKED_SLACK, MASKED_SLACK))
    assert await urls_for(api, admin) == [SLACK, other]


async def test_a_token_in_a_url_gets_a_warning(api: RunningApi, admin: str) -> None:
    """A token in a URL is answered with a hint to use secrets; variables are fine."""
    answer = await put(api, admin, handler(SLACK))
    assert "has a token or password" in answer.headers["sensu-notice"]
    answer = await put(api, admin, handler("${PAGER}") | SECRETS)
    assert "sensu-notice" not in answer.headers


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"urls": []}, "notify.urls must have 1 to 32 URLs"),
        ({"urls": ["slack"]}, "notify.urls[0] must begin with a service, for example slack:// or mailto://"),
        ({"urls": ["ntfy://h/a b"]}, "notify.urls[0] must not contain spaces"),
        ({"urls": ["${TOKEN}"]}, "notify.urls[0] refers to the variable TOKEN, which is not in secrets"),
        (
            {"urls": ["ntfy://h/a"], "when": ["never"]},
            "notify.when must have words of incident, resolve, flapping, every",
        ),
    ],
)
async def test_handlers_that_cannot_work_are_refused(
    api: RunningApi, admin: str, fields: dict[str, Any], why: str
) -> None:
    """A handler that could send nothing is refused with the field and the rule."""
    refused = await put(api, admin, handler() | {"notify": fields}, 400)
    assert why in json.loads(refused.body)["message"]


async def test_a_test_needs_the_right_to_update_the_handler(api: RunningApi, admin: str) -> None:
    """A test is for callers who may update the handler, is in the audit log, and knows only stored handlers."""
    reader = await reader_of(api, admin, "handlers")
    await put(api, admin, handler(SLACK))
    path = f"{HANDLERS}/ops/test"
    assert (await api.call("POST", path, {"dry_run": True}, Authorization=reader)).status == 403
    assert (await api.call("POST", f"{HANDLERS}/gone/test", {}, Authorization=admin)).status == 404
    assert (await api.call("POST", path, {"status": "x"}, Authorization=admin)).status == 400
    audit = await api.call("GET", "/api/sensu/v1/audit", Authorization=admin)
    assert b'"action":"test"' not in audit.body
