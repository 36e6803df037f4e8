"""Changes that would leave nobody with all rights are refused, unless they are forced."""

import asyncio
from typing import Any

import msgspec
import pytest

from tests.flows.api_harness import ADMIN, PASSWORD, RunningApi

CORE = "/api/core/v2"
BINDING = f"{CORE}/clusterrolebindings/cluster-admin"
ROLE = f"{CORE}/clusterroles/cluster-admin"
USER = f"{CORE}/users/{ADMIN}"
OTHER_GROUP = {
    "metadata": {"name": "cluster-admin"},
    "subjects": [{"type": "Group", "name": "Cluster_Admins"}],
    "role_ref": {"type": "ClusterRole", "name": "cluster-admin"},
}
LOCK_OUTS: list[tuple[str, str, Any]] = [
    ("PUT", BINDING, OTHER_GROUP),
    ("PATCH", BINDING, {"subjects": [{"type": "User", "name": "nobody"}]}),
    ("PUT", BINDING, {**OTHER_GROUP, "role_ref": {"type": "ClusterRole", "name": "view"}}),
    ("DELETE", BINDING, None),
    ("PUT", ROLE, {"metadata": {"name": "cluster-admin"}, "rules": [{"verbs": ["get"], "resources": ["*"]}]}),
    ("PATCH", ROLE, {"rules": [{"verbs": ["*"], "resources": ["checks"]}]}),
    ("DELETE", ROLE, None),
    ("DELETE", USER, None),
    ("PUT", USER, {"username": ADMIN, "password": PASSWORD, "groups": []}),
    ("PUT", USER, {"username": ADMIN, "password": PASSWORD, "groups": ["cluster-admins"], "disabled": True}),
    ("DELETE", f"{USER}/groups", None),
    ("DELETE", f"{USER}/groups/cluster-admins", None),
]


async def sent(api: RunningApi, admin: str, method: str, path: str, body: Any, query: str = "") -> tuple[int, str]:
    media_type = "application/merge-patch+json" if method == "PATCH" else "application/json"
    answer = await api.call(method, path + query, body, Authorization=admin, content_type=media_type)
    told = msgspec.json.decode(answer.body) if answer.body and answer.status >= 400 else {}
    return answer.status, told.get("message", "")


async def second_admin(api: RunningApi, admin: str) -> None:
    user = {"username": "second", "password": PASSWORD, "groups": ["cluster-admins"]}
    assert (await sent(api, admin, "PUT", f"{CORE}/users/second", user))[0] == 201


@pytest.mark.parametrize(("method", "path", "body"), LOCK_OUTS)
async def test_the_last_administrator_keeps_all_rights(
    api: RunningApi, admin: str, method: str, path: str, body: Any
) -> None:
    """A change after which nobody has all rights is a conflict that says what to do; with force=true it is made."""
    status, message = await sent(api, admin, method, path, body)
    assert (status, "force=true" in message) == (409, True)
    assert (await sent(api, admin, "GET", f"{CORE}/users", None))[0] == 200
    assert (await sent(api, admin, method, path, body, "?force=true"))[0] in (200, 201, 204)
    assert (await sent(api, admin, "GET", f"{CORE}/users", None))[0] in (401, 403)


@pytest.mark.parametrize(("method", "path", "body"), [one for one in LOCK_OUTS if one[1].startswith(USER)])
async def test_one_of_two_administrators_may_go(api: RunningApi, admin: str, method: str, path: str, body: Any) -> None:
    """While another enabled user has all rights, a user may lose them without force."""
    await second_admin(api, admin)
    assert (await sent(api, admin, method, path, body))[0] in (200, 201, 204)
    other = await api.token("second")
    assert (await sent(api, other, "DELETE", f"{CORE}/users/second", None))[0] == 409


async def test_two_administrators_cannot_go_at_the_same_time(api: RunningApi, admin: str) -> None:
    """Of two requests at once that each leave the other's user as the last administrator, one is refused."""
    await second_admin(api, admin)
    role = {"metadata": {"name": "staff"}, "rules": [{"verbs": ["*"], "resources": ["users"]}]}
    binding = {**OTHER_GROUP, "metadata": {"name": "staff"}, "role_ref": {"type": "ClusterRole", "name": "staff"}}
    binding["subjects"] = [{"type": "User", "name": "clerk"}]
    clerk = {"username": "clerk", "password": PASSWORD, "groups": []}
    for path, body in (("clusterroles", role), ("clusterrolebindings", binding), ("users", clerk)):
        assert (await sent(api, admin, "POST", f"{CORE}/{path}", body))[0] == 201
    token = await api.token("clerk")
    paths = [USER, f"{CORE}/users/second"]
    answers = await asyncio.gather(*(sent(api, token, "DELETE", path, None) for path in paths))
    assert sorted(status for status, _ in answers) == [204, 409]


async def test_a_second_way_to_all_rights_counts(api: RunningApi, admin: str) -> None:
    """With another role and binding that give all rights to a user, the built-in ones may go."""
    role = {"metadata": {"name": "boss"}, "rules": [{"verbs": ["*"], "resources": ["*"]}]}
    binding = {**OTHER_GROUP, "metadata": {"name": "boss"}, "role_ref": {"type": "ClusterRole", "name": "boss"}}
    binding["subjects"] = [{"type": "User", "name": ADMIN}]
    assert (await sent(api, admin, "POST", f"{CORE}/clusterroles", role))[0] == 201
    assert (await sent(api, admin, "DELETE", BINDING, None))[0] == 409
    assert (await sent(api, admin, "POST", f"{CORE}/clusterrolebindings", binding))[0] == 201
    assert (await sent(api, admin, "DELETE", BINDING, None))[0] == 204
    assert (await sent(api, admin, "DELETE", ROLE, None))[0] == 204
    assert (await sent(api, admin, "DELETE", f"{CORE}/clusterroles/boss", None))[0] == 409
