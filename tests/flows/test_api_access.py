"""Questions about rights over the API: they get the answer that the server decides requests by."""

import json
import random
from typing import Any
from urllib.parse import urlencode

from sensu.backend.auth.identity import ALL_USERS_GROUP
from sensu.backend.services.access_questions import QUESTIONS_MAX
from sensu.backend.stored_form import put
from sensu.resources.kinds import CLUSTER_ROLE, CLUSTER_ROLE_BINDING, NAMESPACE, ROLE, ROLE_BINDING, USER
from sensu.resources.metadata import ObjectMeta
from sensu.resources.namespace import Namespace
from sensu.resources.role import ClusterRole, Role, Rule
from sensu.resources.role_binding import ClusterRoleBinding, RoleBinding, RoleRef, Subject
from sensu.resources.user import User
from sensu.store.values import Write
from tests.flows.api_harness import PASSWORD, RunningApi, quick_hash

ACCESS = "/api/sensu/v1/access"
USERS = ("ann", "bob", "eve")
GROUPS = ("ops", "dev", ALL_USERS_GROUP)
NAMESPACES = ("default", "prod")
VERBS = ("get", "list", "create", "update", "delete")
KINDS = {"checks": "checks", "handlers": "handlers", "entities": "entities"}
QUESTIONS = 200
STORY_S = 90


async def get(api: RunningApi, path: str, token: str, **query: str) -> Any:
    answer = await api.call("GET", f"{ACCESS}/{path}?{urlencode(query)}", Authorization=token)
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def some_rule(chance: random.Random) -> Rule:
    names = ("a",) if chance.random() < 0.3 else ()
    verbs = ("*",) if chance.random() < 0.2 else tuple(chance.sample(VERBS, chance.randint(1, 3)))
    kinds = ("*",) if chance.random() < 0.1 else tuple(chance.sample(list(KINDS), chance.randint(1, 2)))
    return Rule(verbs=verbs, resources=kinds, resource_names=names or None)


def some_subject(chance: random.Random) -> Subject:
    if chance.random() < 0.5:
        return Subject(type="User", name=chance.choice((*USERS, "stranger")))
    return Subject(type="Group", name=chance.choice(GROUPS))


def some_world(chance: random.Random) -> list[Write]:
    """Users in groups, roles with rules, and bindings, some of them to roles that do not exist."""
    hashed = quick_hash(PASSWORD)
    writes: list[Write] = [put(NAMESPACE, Namespace(name="prod"))]
    for name in USERS:
        groups = tuple(chance.sample(("ops", "dev"), chance.randint(0, 2)))
        writes.append(put(USER, User(username=name, password_hash=hashed, groups=groups)))
    for number in range(4):
        rules = (some_rule(chance), some_rule(chance))
        writes.append(put(CLUSTER_ROLE, ClusterRole(metadata=ObjectMeta(name=f"everywhere-{number}"), rules=rules)))
        place = ObjectMeta(name=f"within-{number}", namespace=chance.choice(NAMESPACES))
        writes.append(put(ROLE, Role(metadata=place, rules=(some_rule(chance),))))
    for number in range(4):
        ref = RoleRef(type="ClusterRole", name=f"everywhere-{chance.randint(0, 4)}")
        meta = ObjectMeta(name=f"binding-{number}")
        if chance.random() < 0.4:
            writes.append(
                put(
                    CLUSTER_ROLE_BINDING,
                    ClusterRoleBinding(metadata=meta, subjects=(some_subject(chance),), role_ref=ref),
                )
            )
        local = ref if chance.random() < 0.4 else RoleRef(type="Role", name=f"within-{chance.randint(0, 4)}")
        place = ObjectMeta(name=f"binding-{number}", namespace=chance.choice(NAMESPACES))
        binding = RoleBinding(metadata=place, subjects=(some_subject(chance), some_subject(chance)), role_ref=local)
        writes.append(put(ROLE_BINDING, binding))
    return writes


async def decided(api: RunningApi, token: str, question: dict[str, str]) -> bool:
    """Whether the server lets somebody do something, by trying it on a resource that does not exist."""
    verb, kind, name = question["verb"], question["resource"], question["name"]
    path = f"/api/core/v2/namespaces/{question['namespace']}/{kind}"
    method = {"get": "GET", "list": "GET", "create": "POST", "update": "PUT", "delete": "DELETE"}[verb]
    one = "" if verb in ("list", "create") else f"/{name}"
    body = {} if method in ("POST", "PUT") else None
    answer = await api.call(method, path + one, body, Authorization=token)
    assert answer.status in (200, 400, 403, 404), answer.status
    return answer.status != 403


async def test_who_may_do_what_agrees_with_the_servers_decisions(api: RunningApi) -> None:
    """For 200 random questions, ask, who, of and me say of a user what the server decides when the user tries it."""
    chance = random.Random(47)
    await api.store.commit(some_world(chance))
    admin = await api.token()
    tokens = {name: await api.token(name) for name in USERS}
    questions = []
    for _ in range(QUESTIONS):
        verb = chance.choice(VERBS)
        questions.append(
            {
                "verb": verb,
                "resource": chance.choice(list(KINDS)),
                "name": "" if verb in ("list", "create") else chance.choice(("a", "b")),
                "namespace": chance.choice(NAMESPACES),
                "username": chance.choice(USERS),
            }
        )
    answers: list[Any] = []
    for start in range(0, QUESTIONS, QUESTIONS_MAX):
        body = {"questions": questions[start : start + QUESTIONS_MAX]}
        answer = await api.call("POST", f"{ACCESS}/ask", body, Authorization=admin)
        assert answer.status == 200
        answers += json.loads(answer.body)["answers"]
    assert len(answers) == QUESTIONS
    allowed = 0
    for question, answer in zip(questions, answers, strict=True):
        user = question["username"]
        expected = await decided(api, tokens[user], question)
        allowed += expected
        assert answer["allowed"] is expected, question
        assert bool(answer["through"]) is expected
        action = {key: question[key] for key in ("verb", "resource", "name", "namespace")}
        who = await get(api, "who", admin, **action)
        assert (user in [one["name"] for one in who["users"]]) is expected, question
        mine = await get(api, "me", tokens[user], namespace=question["namespace"])
        assert any(_allows(rule, question) for rule in mine["rules"]) is expected, question
        every = await get(api, "of", admin, user=user)
        within = [rule for rule in every["rules"] if rule["namespace"] in ("", question["namespace"])]
        assert any(_allows(rule, question) for rule in within) is expected, question
    assert 20 < allowed < QUESTIONS - 20


def _allows(rule: dict[str, Any], question: dict[str, str]) -> bool:
    """What a client decides buttons by."""
    return (
        bool({question["verb"], "*"} & set(rule["verbs"]))
        and bool({question["resource"], "*"} & set(rule["resources"]))
        and (not rule["names"] or question["name"] in rule["names"])
    )


async def test_only_those_who_may_list_bindings_ask_about_others(api: RunningApi) -> None:
    """Everybody may ask about itself; questions about others need the right to list bindings."""
    await api.store.commit([put(USER, User(username="ann", password_hash=quick_hash(PASSWORD)))])
    ann, admin = await api.token("ann"), await api.token()
    assert (await get(api, "me", ann))["groups"] == [ALL_USERS_GROUP]
    own = {"questions": [{"verb": "list", "resource": "checks", "namespace": "default"}]}
    answer = await api.call("POST", f"{ACCESS}/ask", own, Authorization=ann)
    assert json.loads(answer.body) == {"answers": [{"allowed": False, "through": ""}]}
    about = {"questions": [{"verb": "list", "resource": "checks", "username": "admin"}]}
    assert (await api.call("POST", f"{ACCESS}/ask", about, Authorization=ann)).status == 403
    for path in ("who?verb=get&resource=checks", "of?user=ann", "of?user=admin", "of?group=ops"):
        assert (await api.call("GET", f"{ACCESS}/{path}", Authorization=ann)).status == 403, path
        assert (await api.call("GET", f"{ACCESS}/{path}", Authorization=admin)).status == 200, path
    for path in ("who?verb=get", "who", "of", "of?user=a&group=b"):
        assert (await api.call("GET", f"{ACCESS}/{path}", Authorization=admin)).status == 400, path
    many = {"questions": [{"verb": "get", "resource": "checks"}] * (QUESTIONS_MAX + 1)}
    assert (await api.call("POST", f"{ACCESS}/ask", many, Authorization=admin)).status == 400


async def test_answers_name_the_binding_and_leave_out_disabled_users(api: RunningApi) -> None:
    """An answer says through which binding somebody may do something; a disabled user may do nothing."""
    ann = User(username="ann", password_hash=quick_hash(PASSWORD), groups=("ops",))
    gone = User(username="gone", password_hash=quick_hash(PASSWORD), groups=("ops",), disabled=True)
    subjects = (
        Subject(type="Group", name="ops"),
        Subject(type="User", name="gone"),
        Subject(type="User", name="x"),
    )
    place = ObjectMeta(name="operators", namespace="default")
    binding = RoleBinding(metadata=place, subjects=subjects, role_ref=RoleRef(type="ClusterRole", name="edit"))
    await api.store.commit([put(USER, ann), put(USER, gone), put(ROLE_BINDING, binding)])
    admin = await api.token()
    through = "role binding default/operators → cluster role edit"
    who = await get(api, "who", admin, verb="delete", resource="entities", namespace="default")
    assert {"name": "ann", "through": through} in who["users"]
    assert {"name": "x", "through": through} in who["users"]
    assert "gone" not in [one["name"] for one in who["users"]]
    assert {"name": "ops", "through": through} in who["groups"]
    of = await get(api, "of", admin, user="ann")
    assert [rule["namespace"] for rule in of["rules"] if rule["through"] == through]
    assert (await get(api, "of", admin, user="gone"))["disabled"]
    question = {"verb": "get", "resource": "checks", "namespace": "default", "username": "gone"}
    answer = await api.call("POST", f"{ACCESS}/ask", {"questions": [question]}, Authorization=admin)
    assert json.loads(answer.body) == {"answers": [{"allowed": False, "through": ""}]}
