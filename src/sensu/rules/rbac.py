"""Authorizes requests with roles and bindings.

A request is allowed if a rule of any role that is bound to the caller allows it; no rule denies anything. Cluster role
bindings apply in all namespaces, role bindings in their own. A binding to a role that does not exist grants nothing.
Source: docs, "Role-based access control"; recorded scenarios rbac-*, namespaces-visible.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from sensu.resources.kinds import ALL_KINDS, NAMESPACE
from sensu.resources.role import ClusterRole, Role, Rule
from sensu.resources.role_binding import ClusterRoleBinding, RoleBinding, RoleRef, Subject

ANY = "*"
CLUSTER_ROLE_TYPE = "ClusterRole"
ROLE_TYPE = "Role"
USER_TYPE = "User"
GROUP_TYPE = "Group"

COMMON_RESOURCES = frozenset(kind.segment for kind in ALL_KINDS if kind.common)
"""Namespaces are visible to callers who can read any of these kinds in all namespaces."""

EVERYBODY = "system:users"
"""The group of all authenticated users."""
READABLE = tuple(kind.segment for kind in ALL_KINDS if kind.read_by_all)
"""The kinds that every user may read."""

DECISIONS_REMEMBERED_MAX = 8192
REQUEST_LENGTH_REMEMBERED_MAX = 512
"""Decisions on requests with more text (names, namespace, user and groups) are not cached, to limit the cache."""


class RequestAttributes(msgspec.Struct, frozen=True):
    """The attributes of a request.

    `resource` is the type in the path (`checks`; empty for tessen and cluster). `name` is empty for lists, `namespace`
    for cluster-wide requests. `groups` are all groups of the caller.
    """

    verb: str
    resource: str
    name: str
    namespace: str
    username: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Allow:
    """The request is allowed by this binding (`namespace/name`, or `name` of a cluster role binding)."""

    binding: str


@dataclass(frozen=True, slots=True)
class Deny:
    """No binding allows the request."""


Decision = Allow | Deny
_DENY = Deny()


@dataclass(frozen=True, slots=True)
class Grants:
    """All roles and bindings of a cluster; bindings are sorted by name."""

    cluster_roles: Iterable[ClusterRole] = ()
    cluster_role_bindings: Iterable[ClusterRoleBinding] = ()
    roles: Iterable[Role] = ()
    role_bindings: Iterable[RoleBinding] = ()


def authorize(request: RequestAttributes, grants: Grants) -> Decision:
    """Whether `grants` allow the request; for several requests, use a `CompiledAccess`."""
    return CompiledAccess(grants).decide(request)


def allows(rule: Rule, verb: str, resource: str, name: str) -> bool:
    """Whether a rule allows a verb on a resource type; a rule with names allows only these, and no lists."""
    verbs, resources = rule.verbs or (), rule.resources or ()
    return (
        (verb in verbs or ANY in verbs)
        and (resource in resources or ANY in resources)
        and (not rule.resource_names or name in rule.resource_names)
    )


@dataclass(frozen=True, slots=True)
class Granted:
    """The rules that a binding grants, by its name and the role that it names."""

    binding: str
    role: RoleRef
    rules: tuple[Rule, ...]

    @property
    def namespace(self) -> str:
        """The namespace that the rules hold in, empty for all."""
        return self.binding.rpartition("/")[0]

    @property
    def through(self) -> str:
        """The binding and its role in words."""
        if self is READABLE_BY_ALL:
            return "every user"
        kind = "role binding" if self.namespace else "cluster role binding"
        role = "cluster role" if self.role.type == CLUSTER_ROLE_TYPE else "role"
        return f"{kind} {self.binding} → {role} {self.role.name}"

    def allows(self, verb: str, resource: str, name: str) -> bool:
        """Whether one of the rules allows a verb on a resource word."""
        return any(allows(rule, verb, resource, name) for rule in self.rules)


READABLE_BY_ALL = Granted("", RoleRef(), (Rule(verbs=("get", "list"), resources=READABLE),))
"""What every user may do without a binding."""

_Subjects = dict[tuple[str, str], list[int]]


class _Bindings:
    """The bindings of one namespace, or of the cluster, by their subjects."""

    def __init__(self) -> None:
        self._bound: list[Granted] = []
        self._by_subject: _Subjects = {}

    def add(self, bound: Granted, subjects: Sequence[Subject]) -> None:
        index = len(self._bound)
        self._bound.append(bound)
        for subject in subjects:
            self._by_subject.setdefault((subject.type, subject.name), []).append(index)

    def of(self, username: str, groups: Sequence[str]) -> Iterator[Granted]:
        """The roles of a user and its groups, in the order of the bindings."""
        found = set(self._by_subject.get((USER_TYPE, username), ()))
        for group in groups:
            found.update(self._by_subject.get((GROUP_TYPE, group), ()))
        return (self._bound[index] for index in sorted(found))

    def all(self) -> Iterator[tuple[Subject, Granted]]:
        """What is granted to each subject, in the order of the subjects' first bindings."""
        for (kind, name), indexes in self._by_subject.items():
            for index in indexes:
                yield Subject(type=kind, name=name), self._bound[index]


class CompiledAccess:
    """Roles and bindings compiled for many requests; build a new one when any of them changes."""

    def __init__(self, grants: Grants) -> None:
        cluster_roles = {role.metadata.name: tuple(role.rules or ()) for role in grants.cluster_roles}
        roles = {(role.metadata.namespace, role.metadata.name): tuple(role.rules or ()) for role in grants.roles}
        self._cluster = _cluster_bindings(grants.cluster_role_bindings, cluster_roles)
        self._namespaces = _namespace_bindings(grants.role_bindings, cluster_roles, roles)
        self._remembered: Callable[[RequestAttributes], Decision] = lru_cache(DECISIONS_REMEMBERED_MAX)(self._decide)

    def decide(self, request: RequestAttributes) -> Decision:
        """Decide a request; decisions are cached."""
        length = len(request.name) + len(request.namespace) + len(request.username) + sum(map(len, request.groups))
        ask = self._remembered if length <= REQUEST_LENGTH_REMEMBERED_MAX else self._decide
        return ask(request)

    def _decide(self, request: RequestAttributes) -> Decision:
        for bound in self.granted_to(request.username, request.groups, request.namespace):
            if bound.allows(request.verb, request.resource, request.name):
                return Allow(bound.binding)
        return _DENY

    def granted_to(self, username: str, groups: Sequence[str], namespace: str) -> Iterator[Granted]:
        """What is granted to a user or one of its groups everywhere, and in a namespace if one is given."""
        yield from self._cluster.of(username, groups)
        within = self._namespaces.get(namespace) if namespace else None
        if within is not None:
            yield from within.of(username, groups)
        if EVERYBODY in groups:
            yield READABLE_BY_ALL

    def granted_within(self, namespace: str) -> Iterator[tuple[Subject, Granted]]:
        """What is granted everywhere, and in a namespace if one is given, with each subject."""
        yield from self._cluster.all()
        yield Subject(type=GROUP_TYPE, name=EVERYBODY), READABLE_BY_ALL
        within = self._namespaces.get(namespace) if namespace else None
        if within is not None:
            yield from within.all()

    def namespaces_of(self, username: str, groups: Sequence[str]) -> Sequence[str]:
        """The namespaces in which something is granted to a user or one of its groups, in order."""
        return sorted(name for name, within in self._namespaces.items() if any(within.of(username, groups)))

    def visible_namespaces(self, username: str, groups: Sequence[str], namespaces: Sequence[str]) -> Sequence[str]:
        """The ones of `namespaces`, in their order, that are visible to a user.

        All of them if the user may read namespaces or one of the common kinds everywhere; otherwise those that rules
        name, and those in which a binding allows the user to get anything.
        """
        named: set[str] = set()
        for bound in self._cluster.of(username, groups):
            for rule in bound.rules:
                if _opens_all_namespaces(rule):
                    return namespaces
                if _reads_namespaces(rule):
                    named.update(rule.resource_names or ())
        return [name for name in namespaces if name in named or self._may_get_within(username, groups, name)]

    def _may_get_within(self, username: str, groups: Sequence[str], namespace: str) -> bool:
        within = self._namespaces.get(namespace)
        if within is None:
            return False
        return any(_has_verb(rule, "get") for bound in within.of(username, groups) for rule in bound.rules)


_Rules = tuple[Rule, ...]


def _cluster_bindings(bindings: Iterable[ClusterRoleBinding], cluster_roles: Mapping[str, _Rules]) -> _Bindings:
    compiled = _Bindings()
    for binding in sorted(bindings, key=lambda b: b.metadata.name):
        rules = cluster_roles.get(binding.role_ref.name, ()) if binding.role_ref.type == CLUSTER_ROLE_TYPE else ()
        compiled.add(Granted(binding.metadata.name, binding.role_ref, rules), binding.subjects or ())
    return compiled


def _namespace_bindings(
    bindings: Iterable[RoleBinding],
    cluster_roles: Mapping[str, _Rules],
    roles: Mapping[tuple[str, str], _Rules],
) -> dict[str, _Bindings]:
    compiled: dict[str, _Bindings] = {}
    for binding in sorted(bindings, key=lambda b: b.metadata.name):
        namespace, role = binding.metadata.namespace, binding.role_ref
        rules: _Rules = ()
        if role.type == CLUSTER_ROLE_TYPE:
            rules = cluster_roles.get(role.name, ())
        elif role.type == ROLE_TYPE:
            rules = roles.get((namespace, role.name), ())
        bound = Granted(f"{namespace}/{binding.metadata.name}", role, rules)
        compiled.setdefault(namespace, _Bindings()).add(bound, binding.subjects or ())
    return compiled


def _has_verb(rule: Rule, *verbs: str) -> bool:
    return any(verb in (rule.verbs or ()) for verb in (ANY, *verbs))


def _reads_namespaces(rule: Rule) -> bool:
    resources = rule.resources or ()
    return (NAMESPACE.segment in resources or ANY in resources) and _has_verb(rule, "get", "list")


def _opens_all_namespaces(rule: Rule) -> bool:
    if _reads_namespaces(rule) and not rule.resource_names:
        return True
    return _has_verb(rule, "get") and not COMMON_RESOURCES.isdisjoint(rule.resources or ())
