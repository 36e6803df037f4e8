"""Access: verbs × resources × names × shapes of bindings."""

from itertools import product

import pytest

from sensu.resources.metadata import ObjectMeta
from sensu.resources.role import ClusterRole, Role, Rule
from sensu.resources.role_binding import ClusterRoleBinding, RoleBinding, RoleRef, Subject
from sensu.rules.rbac import (
    REQUEST_LENGTH_REMEMBERED_MAX,
    Allow,
    CompiledAccess,
    Deny,
    Grants,
    RequestAttributes,
    allows,
    authorize,
)

VERBS = ("get", "list", "create", "update", "delete")
BOB = Subject(type="User", name="bob")
OPS = Subject(type="Group", name="ops")


def rule(verbs: str, resources: str, *names: str) -> Rule:
    return Rule(verbs=tuple(verbs.split()), resources=tuple(resources.split()), resource_names=names or None)


def cluster_role(name: str, *rules: Rule) -> ClusterRole:
    return ClusterRole(metadata=ObjectMeta(name=name), rules=rules)


def role(namespace: str, name: str, *rules: Rule) -> Role:
    return Role(metadata=ObjectMeta(name=name, namespace=namespace), rules=rules)


def cluster_binding(
    name: str, role_name: str, *subjects: Subject, role_type: str = "ClusterRole"
) -> ClusterRoleBinding:
    return ClusterRoleBinding(
        metadata=ObjectMeta(name=name), subjects=subjects, role_ref=RoleRef(type=role_type, name=role_name)
    )


def binding(namespace: str, name: str, role_name: str, *subjects: Subject, role_type: str = "Role") -> RoleBinding:
    return RoleBinding(
        metadata=ObjectMeta(name=name, namespace=namespace),
        subjects=subjects,
        role_ref=RoleRef(type=role_type, name=role_name),
    )


def wanted(
    verb: str = "get",
    resource: str = "checks",
    name: str = "cpu",
    namespace: str = "dev",
    username: str = "bob",
    groups: tuple[str, ...] = ("system:users",),
) -> RequestAttributes:
    return RequestAttributes(verb, resource, name, namespace, username, groups)


def may(grants: Grants, request: RequestAttributes) -> bool:
    return isinstance(authorize(request, grants), Allow)


@pytest.mark.parametrize(("granted", "asked"), list(product((*VERBS, "*"), VERBS)))
@pytest.mark.parametrize("resource", ["checks", "hooks", "tessen", ""])
@pytest.mark.parametrize("granted_resource", ["checks", "*"])
def test_a_rule_allows_its_verbs_on_its_resources(
    granted: str, asked: str, resource: str, granted_resource: str
) -> None:
    """A rule allows just its verbs on just its resource words; `*` stands for all of them, the empty word too."""
    expected = granted in (asked, "*") and granted_resource in (resource, "*")
    assert allows(rule(granted, granted_resource), asked, resource, "cpu") is expected


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("name", "expected"),
    [("cpu", True), ("web1/cpu", True), ("cpu2", False), ("cp", False), ("CPU", False), ("", False)],
)
def test_a_rule_for_named_resources_allows_these_names_only(verb: str, name: str, expected: bool) -> None:
    """With resource names a rule matches exactly those, and never a request without a name."""
    assert allows(rule("*", "*", "cpu", "web1/cpu"), verb, "checks", name) is expected


def test_a_rule_without_verbs_or_resources_allows_nothing() -> None:
    """An empty rule grants nothing."""
    assert not allows(Rule(), "get", "checks", "cpu")
    assert not allows(Rule(verbs=("get",)), "get", "checks", "cpu")
    assert not allows(Rule(resources=("checks",)), "get", "checks", "cpu")


READER = rule("get list", "checks")
SHAPES = {
    "cluster binding of the user": Grants([cluster_role("r", READER)], [cluster_binding("b", "r", BOB)]),
    "cluster binding of a group": Grants([cluster_role("r", READER)], [cluster_binding("b", "r", OPS)]),
    "cluster binding of somebody else": Grants(
        [cluster_role("r", READER)], [cluster_binding("b", "r", Subject(type="User", name="eve"))]
    ),
    "cluster binding of a group named like the user": Grants(
        [cluster_role("r", READER)], [cluster_binding("b", "r", Subject(type="Group", name="bob"))]
    ),
    "cluster binding to a role": Grants(
        [cluster_role("r", READER)],
        [cluster_binding("b", "r", BOB, role_type="Role")],
        [role("dev", "r", READER)],
    ),
    "cluster binding to a missing role": Grants([], [cluster_binding("b", "r", BOB)]),
    "binding in the namespace": Grants([], [], [role("dev", "r", READER)], [binding("dev", "b", "r", BOB)]),
    "binding of a group in the namespace": Grants([], [], [role("dev", "r", READER)], [binding("dev", "b", "r", OPS)]),
    "binding in another namespace": Grants([], [], [role("ops", "r", READER)], [binding("ops", "b", "r", BOB)]),
    "binding to a role of another namespace": Grants(
        [], [], [role("ops", "r", READER)], [binding("dev", "b", "r", BOB)]
    ),
    "binding to a cluster role": Grants(
        [cluster_role("r", READER)], [], [], [binding("dev", "b", "r", BOB, role_type="ClusterRole")]
    ),
    "binding to a missing role": Grants([], [], [], [binding("dev", "b", "r", BOB)]),
    "binding to a missing cluster role": Grants(
        [], [], [role("dev", "r", READER)], [binding("dev", "b", "r", BOB, role_type="ClusterRole")]
    ),
    "binding without subjects": Grants([], [], [role("dev", "r", READER)], [binding("dev", "b", "r")]),
    "no binding": Grants([cluster_role("r", READER)], [], [role("dev", "r", READER)], []),
}
EVERYWHERE, HERE, NOWHERE = (True, True, True), (True, False, False), (False, False, False)
EXPECTED = {
    "cluster binding of the user": EVERYWHERE,
    "cluster binding of a group": EVERYWHERE,
    "binding in the namespace": HERE,
    "binding of a group in the namespace": HERE,
    "binding to a cluster role": HERE,
    "binding in another namespace": (False, True, False),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_each_shape_of_binding_grants_where_it_holds(shape: str) -> None:
    """Cluster bindings hold everywhere, bindings in their namespace, which cluster-wide requests are outside of."""
    groups = ("ops", "system:users")
    asked = (
        wanted(namespace="dev", groups=groups),
        wanted(namespace="ops", groups=groups),
        wanted("list", name="", namespace="", groups=groups),
    )
    answers = tuple(may(SHAPES[shape], request) for request in asked)
    assert answers == EXPECTED.get(shape, NOWHERE)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("verb", ["create", "update", "delete"])
def test_no_shape_of_binding_grants_more_than_its_role(shape: str, verb: str) -> None:
    """Whatever binds a reader, it may not write."""
    assert not may(SHAPES[shape], wanted(verb, groups=("ops",)))


@pytest.mark.parametrize("first", ["a", "z"])
def test_a_binding_to_a_missing_role_breaks_nothing(first: str) -> None:
    """Beside a binding whose role is gone the other bindings of a user go on granting, before and after it."""
    other = "z" if first == "a" else "a"
    grants = Grants(
        [cluster_role("r", READER)], [cluster_binding(first, "gone", BOB), cluster_binding(other, "r", BOB)]
    )
    assert authorize(wanted(), grants) == Allow(other)
    assert authorize(wanted("delete"), grants) == Deny()


def test_rules_add_up_over_bindings_and_the_first_that_allows_is_named() -> None:
    """Rights of several bindings join, cluster bindings first, each in the order of names."""
    grants = Grants(
        [cluster_role("reader", READER), cluster_role("writer", rule("update", "checks"))],
        [cluster_binding("b2", "reader", OPS), cluster_binding("b1", "reader", BOB)],
        [],
        [binding("dev", "a", "writer", BOB, role_type="ClusterRole")],
    )
    assert authorize(wanted(groups=("ops",)), grants) == Allow("b1")
    assert authorize(wanted(username="eve", groups=("ops",)), grants) == Allow("b2")
    assert authorize(wanted("update"), grants) == Allow("dev/a")
    assert authorize(wanted("update", namespace="ops"), grants) == Deny()


def test_compiled_access_answers_the_same_when_asked_again() -> None:
    """A remembered decision is the decision, also for names that are too long to be remembered."""
    access = CompiledAccess(SHAPES["binding in the namespace"])
    for request in (wanted(), wanted("delete"), wanted(name="x" * 1000), wanted("delete", name="x" * 1000)):
        assert access.decide(request) == access.decide(request)
    assert isinstance(access.decide(wanted(name="x" * 1000)), Allow)


NAMESPACES = ("a", "b", "c")


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ((rule("get list", "namespaces"),), NAMESPACES),
        ((rule("list", "namespaces"),), NAMESPACES),
        ((rule("*", "*"),), NAMESPACES),
        ((rule("get list", "namespaces", "b"),), ("b",)),
        ((rule("get", "namespaces", "c", "zzz"), rule("get", "namespaces", "a")), ("a", "c")),
        ((rule("get", "checks"),), NAMESPACES),
        ((rule("get", "silenced"),), NAMESPACES),
        ((rule("list", "checks"),), ()),
        ((rule("get", "pipelines"),), ()),
        ((rule("get", "users"),), ()),
        ((rule("create delete", "namespaces"),), ()),
        ((), ()),
    ],
)
def test_a_cluster_binding_shows_namespaces(rules: tuple[Rule, ...], expected: tuple[str, ...]) -> None:
    """Who may read namespaces, or a common kind everywhere, sees all of them; rules for named ones show these."""
    access = CompiledAccess(Grants([cluster_role("r", *rules)], [cluster_binding("b", "r", BOB)]))
    assert tuple(access.visible_namespaces("bob", (), NAMESPACES)) == expected
    assert tuple(access.visible_namespaces("eve", (), NAMESPACES)) == ()


@pytest.mark.parametrize(
    ("verbs", "resources", "seen"),
    [
        ("get", "checks", True),
        ("*", "pipelines", True),
        ("list", "checks", False),
        ("create delete", "checks", False),
    ],
)
def test_a_binding_shows_its_namespace_to_who_may_get_something_in_it(verbs: str, resources: str, seen: bool) -> None:
    """A namespace is visible to who may get anything within it, and no other namespace is."""
    grants = Grants([], [], [role("b", "r", rule(verbs, resources))], [binding("b", "x", "r", OPS)])
    access = CompiledAccess(grants)
    assert tuple(access.visible_namespaces("bob", ("ops",), NAMESPACES)) == (("b",) if seen else ())
    assert tuple(access.visible_namespaces("bob", ("dev",), NAMESPACES)) == ()


def test_named_and_bound_namespaces_add_up_in_their_order() -> None:
    """Namespaces seen by name and by binding come in one list, in the order of the namespaces."""
    grants = Grants(
        [cluster_role("r", rule("get", "namespaces", "c"))],
        [cluster_binding("b", "r", BOB), cluster_binding("gone", "missing", BOB)],
        [role("a", "r", READER)],
        [binding("a", "b", "r", OPS)],
    )
    assert tuple(CompiledAccess(grants).visible_namespaces("bob", ("ops",), NAMESPACES)) == ("a", "c")


@pytest.mark.parametrize("field", ["name", "namespace", "username"])
def test_long_requests_are_decided_and_not_remembered(field: str) -> None:
    """Requests with long names cannot fill the memory of decisions."""
    access = CompiledAccess(Grants())
    asked = {"name": "n", "namespace": "ns", "username": "u", field: "x" * REQUEST_LENGTH_REMEMBERED_MAX}
    request = RequestAttributes(verb="get", resource="checks", groups=(), **asked)
    assert isinstance(access.decide(request), Deny)
    assert access._remembered.cache_info().currsize == 0  # type: ignore[attr-defined]
