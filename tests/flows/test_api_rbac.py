"""Who may do what over HTTP: every verb on every kind under every shape of binding, as one table."""

from collections.abc import Sequence
from pathlib import Path

from sensu.backend.stored_form import delete, put
from sensu.resources.kinds import CLUSTER_ROLE, CLUSTER_ROLE_BINDING, NAMESPACE, ROLE, ROLE_BINDING, USER
from sensu.resources.metadata import ObjectMeta
from sensu.resources.namespace import Namespace
from sensu.resources.role import ClusterRole, Role, Rule
from sensu.resources.role_binding import ClusterRoleBinding, RoleBinding, RoleRef, Subject
from sensu.resources.user import User
from sensu.store.values import PutResource, Write
from tests.flows.api_harness import RunningApi, quick_hash, running_api

BOB, OPS, EVE = Subject(type="User", name="bob"), Subject(type="Group", name="ops"), Subject(type="User", name="eve")
PASSWORD = "a password"

NAMESPACED = (
    *("assets", "checks", "entities", "filters", "handlers", "hooks", "mutators", "pipelines", "roles"),
    *("rolebindings", "events", "silenced"),
)
CLUSTER_WIDE = ("clusterroles", "clusterrolebindings", "apikeys", "users")
REQUESTS = ("get", "list", "list everywhere", "create", "replace", "patch", "delete")

NOTHING, ALL = "", "get list everywhere create replace patch delete"
MATRIX = {
    # binding                                        may, of the kind, in namespace dev (and everywhere)
    "no binding": NOTHING,
    "cluster binding of the user": ALL,
    "cluster binding of a group of the user": ALL,
    "cluster binding of somebody else": NOTHING,
    "cluster binding to a role of the namespace": NOTHING,
    "binding in the namespace": "get list create replace patch delete",
    "binding in the namespace to a cluster role": "get list create replace patch delete",
    "binding of a group in the namespace": "get list create replace patch delete",
    "binding in another namespace": NOTHING,
    "cluster binding for another kind": NOTHING,
    "cluster binding for all kinds": ALL,
    "cluster binding for reading": "get list everywhere",
    "cluster binding for get": "get",
    "cluster binding for list": "list everywhere",
    "cluster binding for create": "create",
    "cluster binding for update": "replace patch",
    "cluster binding for delete": "delete",
    "cluster binding for one name": "get replace patch delete",
    "cluster binding for another name": NOTHING,
}
"""What each binding lets its user do, kind by kind; for cluster-wide kinds only cluster bindings count."""


def rule(kind: str, verbs: Sequence[str] = ("*",), names: Sequence[str] = ()) -> Rule:
    return Rule(verbs=tuple(verbs), resources=(kind,), resource_names=tuple(names) or None)


def everywhere(subject: Subject, allowed: Rule, role_type: str = "ClusterRole") -> list[PutResource]:
    meta, ref = ObjectMeta(name="tested"), RoleRef(type=role_type, name="tested")
    return [
        put(CLUSTER_ROLE, ClusterRole(metadata=meta, rules=(allowed,))),
        put(CLUSTER_ROLE_BINDING, ClusterRoleBinding(metadata=meta, subjects=(subject,), role_ref=ref)),
    ]


def within(namespace: str, subject: Subject, allowed: Rule, role_type: str = "Role") -> list[PutResource]:
    meta, ref = ObjectMeta(name="tested", namespace=namespace), RoleRef(type=role_type, name="tested")
    kept = (
        put(ROLE, Role(metadata=meta, rules=(allowed,)))
        if role_type == "Role"
        else put(CLUSTER_ROLE, ClusterRole(metadata=ObjectMeta(name="tested"), rules=(allowed,)))
    )
    return [kept, put(ROLE_BINDING, RoleBinding(metadata=meta, subjects=(subject,), role_ref=ref))]


def bound(shape: str, kind: str) -> list[PutResource]:
    """The roles and bindings that a row of the table names."""
    other = "hooks" if kind != "hooks" else "checks"
    name = "a/a" if kind == "events" else "a"
    made = {
        "no binding": [],
        "cluster binding of the user": everywhere(BOB, rule(kind)),
        "cluster binding of a group of the user": everywhere(OPS, rule(kind)),
        "cluster binding of somebody else": everywhere(EVE, rule(kind)),
        "cluster binding to a role of the namespace": [
            *within("dev", EVE, rule(kind))[:1],
            *everywhere(BOB, rule(kind), role_type="Role")[1:],
        ],
        "binding in the namespace": within("dev", BOB, rule(kind)),
        "binding in the namespace to a cluster role": within("dev", BOB, rule(kind), "ClusterRole"),
        "binding of a group in the namespace": within("dev", OPS, rule(kind)),
        "binding in another namespace": within("prod", BOB, rule(kind)),
        "cluster binding for another kind": everywhere(BOB, rule(other)),
        "cluster binding for all kinds": everywhere(BOB, rule("*")),
        "cluster binding for reading": everywhere(BOB, rule(kind, ("get", "list"))),
        "cluster binding for one name": everywhere(BOB, rule(kind, names=(name,))),
        "cluster binding for another name": everywhere(BOB, rule(kind, names=("b", "a/b"))),
    }
    verb = shape.removeprefix("cluster binding for ")
    return made[shape] if shape in made else everywhere(BOB, rule(kind, (verb,)))


def request(kind: str, what: str) -> tuple[str, str] | None:
    """Method and path of a request; None where the kind has no such request."""
    core = "/api/core/v2"
    scope = core if kind in CLUSTER_WIDE else f"{core}/namespaces/dev"
    one = f"{scope}/{kind}/{'a/a' if kind == 'events' else 'a'}"
    missing = {
        ("events", "patch"), ("silenced", "patch"), ("users", "patch"), ("apikeys", "replace"),
        *((cluster_wide, "list everywhere") for cluster_wide in CLUSTER_WIDE),
    }  # fmt: skip
    if (kind, what) in missing:
        return None
    return {
        "get": ("GET", one),
        "list": ("GET", f"{scope}/{kind}"),
        "list everywhere": ("GET", f"{core}/{kind}"),
        "create": ("POST", f"{scope}/{kind}"),
        "replace": ("PUT", one),
        "patch": ("PATCH", one),
        "delete": ("DELETE", one),
    }[what]


def expected(shape: str, kind: str, what: str) -> bool:
    if kind in CLUSTER_WIDE and not shape.startswith("cluster binding"):
        return False
    return what.rpartition(" ")[2] in MATRIX[shape].split()


async def allowed(api: RunningApi, token: str, method: str, path: str) -> bool:
    """Whether the API looks into a request; what it thinks of an empty body or an unknown name does not matter."""
    content_type = "application/merge-patch+json" if method == "PATCH" else "application/json"
    headers = {"Authorization": token, "Content-Type": content_type}
    async with api.http.request(
        method, api.url + path, data=b"{}" if method != "GET" else None, headers=headers
    ) as answer:
        assert answer.status in (200, 204, 400, 403, 404), (method, path, answer.status)
        return answer.status != 403


async def test_bindings_grant_what_the_table_says(tmp_path: Path) -> None:
    """Every request on every kind is allowed under the bindings that the table names for it, and refused otherwise."""
    wrong: list[tuple[str, str, str, bool]] = []
    async with running_api(tmp_path) as api:
        bob = User(username="bob", password_hash=quick_hash(PASSWORD), groups=("ops",))
        prepared: list[Write] = [put(NAMESPACE, Namespace(name=name)) for name in ("dev", "prod")]
        await api.store.commit([*prepared, put(USER, bob)])
        token = await api.token("bob", PASSWORD)
        for shape in MATRIX:
            for kind in (*NAMESPACED, *CLUSTER_WIDE):
                grants = bound(shape, kind)
                await api.store.commit(grants)
                for what in REQUESTS:
                    asked = request(kind, what)
                    if asked is not None and await allowed(api, token, *asked) is not expected(shape, kind, what):
                        wrong.append((shape, kind, what, not expected(shape, kind, what)))
                await api.store.commit([delete_of(write) for write in grants])
    assert wrong == []


def delete_of(write: PutResource) -> Write:
    kinds = {kind.qualified_name: kind for kind in (ROLE, ROLE_BINDING, CLUSTER_ROLE, CLUSTER_ROLE_BINDING)}
    return delete(kinds[write.key.kind], write.key.namespace, write.key.name)


async def test_nobody_may_do_anything(tmp_path: Path) -> None:
    """Without credentials every request on every kind is turned away."""
    async with running_api(tmp_path) as api:
        for kind in (*NAMESPACED, *CLUSTER_WIDE):
            for asked in filter(None, (request(kind, what) for what in REQUESTS)):
                assert (await api.call(*asked)).status == 401, asked
