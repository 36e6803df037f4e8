"""What lies in a namespace, as somebody sees it who wants to delete it."""

import json
from typing import Any

from sensu.backend.stored_form import put
from sensu.resources.kinds import USER
from sensu.resources.user import User
from tests.flows.api_harness import PASSWORD, RunningApi, quick_hash
from tests.flows.test_api_rbac import BOB, rule, within

CORE = "/api/core/v2/namespaces"
CONTENTS = "/api/sensu/v1/namespaces/dev/contents"


async def made(api: RunningApi, token: str, path: str, body: dict[str, Any]) -> None:
    answer = await api.call("PUT", f"{CORE}/{path}", body, Authorization=token)
    assert answer.status in (200, 201), answer.body


async def contents(api: RunningApi, token: str) -> Any:
    answer = await api.call("GET", CONTENTS, Authorization=token)
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


async def test_what_lies_in_a_namespace_is_counted_by_kind(api: RunningApi) -> None:
    """Each kind is counted with whether it prevents the deletion; a namespace without those can be deleted."""
    token = await api.token()
    await made(api, token, "dev", {"name": "dev"})
    meta = {"namespace": "dev"}
    for name in ("a", "b"):
        handler = {"metadata": {**meta, "name": name}, "type": "pipe", "command": "cat"}
        await made(api, token, f"dev/handlers/{name}", handler)
    role = {"metadata": {**meta, "name": "r"}, "rules": [{"verbs": ["get"], "resources": ["checks"]}]}
    await made(api, token, "dev/roles/r", role)
    found = await contents(api, token)
    by_word = {one["resource"]: (one["count"], one["keeps"]) for one in found["kinds"]}
    assert by_word["handlers"] == (2, True)
    assert by_word["roles"][1] is False
    assert found["hidden"] == []
    assert (await api.call("DELETE", f"{CORE}/dev", Authorization=token)).status == 409
    for name in ("a", "b"):
        await api.call("DELETE", f"{CORE}/dev/handlers/{name}", Authorization=token)
    assert not any(one["keeps"] for one in (await contents(api, token))["kinds"])
    assert (await api.call("DELETE", f"{CORE}/dev", Authorization=token)).status == 204


async def test_contents_are_those_that_the_caller_may_list(api: RunningApi) -> None:
    """Kinds that somebody may not list are hidden; a namespace that somebody may not see is not found."""
    admin = await api.token()
    await api.store.commit([put(USER, User(username="bob", password_hash=quick_hash(PASSWORD)))])
    await made(api, admin, "dev", {"name": "dev"})
    token = await api.token("bob")
    assert (await api.call("GET", CONTENTS, Authorization=token)).status == 404
    await api.store.commit(within("dev", BOB, rule("checks", ("get", "list"))))
    found = await contents(api, token)
    assert found["kinds"] == []
    assert "handlers" in found["hidden"]
    assert "checks" not in found["hidden"]
