"""Validity of the kinds with few rules, through the one function that judges all kinds."""

from typing import Any

import msgspec
import pytest

from sensu.resources.api_key import APIKey
from sensu.resources.asset import Asset, AssetBuild
from sensu.resources.check import CheckConfig, ProxyRequests
from sensu.resources.entity import Entity
from sensu.resources.event_filter import EventFilter
from sensu.resources.handler import Handler, HandlerSocket
from sensu.resources.hook import HookConfig
from sensu.resources.kinds import STORED_TYPES
from sensu.resources.metadata import ObjectMeta, ResourceReference
from sensu.resources.mutator import Mutator
from sensu.resources.namespace import Namespace
from sensu.resources.pipeline import Pipeline, PipelineWorkflow
from sensu.resources.role import ClusterRole, Role, Rule
from sensu.resources.role_binding import ClusterRoleBinding, RoleBinding, RoleRef, Subject
from sensu.resources.silenced import Silenced
from sensu.resources.tessen import TessenConfig
from sensu.resources.time_window import ClockWindow, TimeWindowWhen, WindowDays
from sensu.resources.user import User
from sensu.resources.wire import Wire
from sensu.rules.kinds.table import EXPRESSIONS_MAX, expressions_of, problem_of, problems_of

META = ObjectMeta(name="it", namespace="default")
CLUSTER_META = ObjectMeta(name="it")
NAMELESS = ObjectMeta(namespace="default")
SPACED = ObjectMeta(name="a b", namespace="default")
BAD = "cannot contain spaces or special characters"
SHA = "ab" * 64


def reference(type_name: str, name: str = "x", api_version: str = "core/v2") -> ResourceReference:
    return ResourceReference(name=name, type=type_name, api_version=api_version)


ASSET = Asset(metadata=META, url="http://x", sha512=SHA)
FILTER = EventFilter(metadata=META, action="allow", expressions=("true",))
HANDLER = Handler(metadata=META, type="pipe", command="notify")
HOOK = HookConfig(metadata=META, command="ps", timeout=10)
MUTATOR = Mutator(metadata=META, command="strip")
WORKFLOW = PipelineWorkflow(name="w", handler=reference("Handler"))
PIPELINE = Pipeline(metadata=META, workflows=(WORKFLOW,))
ROLE = Role(metadata=META, rules=(Rule(verbs=("get",), resources=("checks",)),))
CLUSTER_ROLE = ClusterRole(metadata=CLUSTER_META, rules=(Rule(verbs=("*",), resources=("*",)),))
BINDING = RoleBinding(
    metadata=META, subjects=(Subject(type="User", name="bob"),), role_ref=RoleRef(type="Role", name="r")
)
CLUSTER_BINDING = ClusterRoleBinding(
    metadata=CLUSTER_META, subjects=(Subject(type="Group", name="ops"),), role_ref=RoleRef(type="ClusterRole", name="r")
)
SILENCED = Silenced(metadata=META, subscription="linux")
USER = User(username="bob", password="P@ssw0rd!")
API_KEY = APIKey(metadata=ObjectMeta(name="11111111-2222-4333-8444-555555555555"), username="bob")
ENTITY = Entity(metadata=META, entity_class="proxy")


def pipeline_with(**changes: Any) -> dict[str, Any]:
    return {"workflows": (msgspec.structs.replace(WORKFLOW, **changes),)}


def rules(*verbs: str) -> dict[str, Any]:
    return {"rules": (Rule(verbs=("get",), resources=("*",)), Rule(verbs=verbs, resources=("*",)))}


BROKEN: list[tuple[Wire, dict[str, Any], str]] = [
    (ASSET, {"metadata": NAMELESS}, "name cannot be empty"),
    (
        ASSET,
        {"metadata": SPACED},
        "name may only contain letters, forward slashes, underscores, dashes and numbers",
    ),
    (ASSET, {"metadata": CLUSTER_META}, "namespace cannot be empty"),
    (ASSET, {"url": ""}, "URL cannot be empty"),
    (ASSET, {"sha512": ""}, "SHA-512 checksum cannot be empty"),
    (ASSET, {"sha512": SHA[:-1]}, "SHA-512 checksum must be at least 128 characters"),
    (ASSET, {"builds": (AssetBuild(url="http://x"),)}, "SHA-512 checksum cannot be empty"),
    (ASSET, {"builds": (AssetBuild(sha512=SHA),)}, "URL cannot be empty"),
    (ASSET, {"builds": (AssetBuild(url="http://x", sha512=SHA), AssetBuild())}, "SHA-512 checksum cannot be empty"),
    (FILTER, {"metadata": NAMELESS}, "filter name must not be empty"),
    (FILTER, {"action": ""}, "action '' is not valid"),
    (FILTER, {"action": "ALLOW"}, "action 'ALLOW' is not valid"),
    (FILTER, {"expressions": None}, "filter must have one or more expressions"),
    (FILTER, {"expressions": ()}, "filter must have one or more expressions"),
    (FILTER, {"metadata": CLUSTER_META}, "namespace must be set"),
    (HANDLER, {"metadata": SPACED}, f"handler name {BAD}"),
    (HANDLER, {"type": ""}, "empty handler type"),
    (HANDLER, {"type": "PIPE"}, "unknown handler type: PIPE"),
    (HANDLER, {"type": "pip"}, 'unknown handler type: pip; did you mean "pipe"?'),
    (HANDLER, {"command": "   "}, "missing command"),
    (HANDLER, {"type": "tcp"}, "tcp and udp handlers need a valid socket"),
    (HANDLER, {"type": "tcp", "socket": HandlerSocket(port=1)}, "socket host undefined"),
    (HANDLER, {"type": "udp", "socket": HandlerSocket(host="h")}, "socket port undefined"),
    (HANDLER, {"metadata": CLUSTER_META}, "namespace must be set"),
    (HOOK, {"metadata": NAMELESS}, "hook name must not be empty"),
    (HOOK, {"command": ""}, "command cannot be empty"),
    (HOOK, {"timeout": 0}, "hook timeout must be greater than 0"),
    (HOOK, {"metadata": CLUSTER_META}, "namespace must be set"),
    (MUTATOR, {"metadata": NAMELESS}, "mutator name must not be empty"),
    (MUTATOR, {"command": ""}, "mutator command or eval must be set"),
    (
        MUTATOR,
        {"type": "javascript", "eval": "return 1"},
        '"command" used with javascript mutator, should be "eval"',
    ),
    (MUTATOR, {"type": "lua"}, 'invalid mutator type "lua", valid types are "javascript, pipe"'),
    (MUTATOR, {"metadata": CLUSTER_META}, "namespace must be set"),
    (PIPELINE, {"metadata": NAMELESS}, "name must not be empty"),
    (PIPELINE, {"metadata": CLUSTER_META}, "namespace must be set"),
    (PIPELINE, pipeline_with(name=""), "workflow name must not be empty"),
    (PIPELINE, pipeline_with(name="a b"), f"workflow name {BAD}"),
    (PIPELINE, pipeline_with(handler=None), "workflow handler must be set"),
    (PIPELINE, pipeline_with(handler=reference("Handler", "")), "workflow handler name must not be empty"),
    (PIPELINE, pipeline_with(handler=reference("")), "workflow handler type must be set"),
    (PIPELINE, pipeline_with(handler=reference("Handler", "x", "")), "workflow handler api_version must be set"),
    (
        PIPELINE,
        pipeline_with(handler=reference("Mutator")),
        "workflow handler resource type not capable of handling events: core/v2.Mutator",
    ),
    (
        PIPELINE,
        pipeline_with(filters=(reference("EventFilter"), reference("Handler"))),
        "workflow filter resource type not capable of filtering events: core/v2.Handler",
    ),
    (PIPELINE, pipeline_with(filters=(reference("EventFilter", ""),)), "workflow filter name must not be empty"),
    (
        PIPELINE,
        pipeline_with(mutator=reference("Mutator", "m", "core/v3")),
        "workflow mutator resource type not capable of mutating events: core/v3.Mutator",
    ),
    (PIPELINE, {"workflows": (WORKFLOW, PipelineWorkflow(name="w"))}, "workflow handler must be set"),
    (ROLE, {"metadata": NAMELESS}, "the Role name must not be empty"),
    (ROLE, {"metadata": ObjectMeta(name="a:b:c", namespace="x")}, f"the Role name {BAD}"),
    (ROLE, {"metadata": CLUSTER_META}, "the Role namespace must be set"),
    (ROLE, {"rules": None}, "a Role must have at least one rule"),
    (ROLE, {"rules": ()}, "a Role must have at least one rule"),
    (ROLE, rules("read"), 'the verb "read" is not valid'),
    (ROLE, rules("GET"), 'the verb "GET" is not valid'),
    (CLUSTER_ROLE, {"metadata": ObjectMeta()}, "the ClusterRole name must not be empty"),
    (CLUSTER_ROLE, {"metadata": META}, "ClusterRole cannot have a namespace"),
    (CLUSTER_ROLE, {"rules": ()}, "a ClusterRole must have at least one rule"),
    (CLUSTER_ROLE, rules("watch"), 'the verb "watch" is not valid'),
    (BINDING, {"metadata": NAMELESS}, "the RoleBinding name must not be empty"),
    (BINDING, {"metadata": CLUSTER_META}, "the RoleBinding namespace must be set"),
    (BINDING, {"subjects": ()}, "a RoleBinding must have at least one subject"),
    (
        BINDING,
        {"subjects": (Subject(type="Robot", name="r"),)},
        'subject type "Robot" is invalid, expected either "Group" or "User"',
    ),
    (BINDING, {"subjects": (Subject(type="User"),)}, 'subject name for the "User" type is required'),
    (BINDING, {"role_ref": RoleRef()}, 'roleRef type "" is invalid, expected either "ClusterRole" or "Role"'),
    (BINDING, {"role_ref": RoleRef(type="Role")}, "roleRef name for Role is required"),
    (CLUSTER_BINDING, {"metadata": META}, "ClusterRoleBinding cannot have a namespace"),
    (CLUSTER_BINDING, {"subjects": None}, "a RoleBinding must have at least one subject"),
    (CLUSTER_BINDING, {"role_ref": RoleRef(type="ClusterRole")}, "roleRef name for ClusterRole is required"),
    (SILENCED, {"subscription": ""}, "must provide check or subscription"),
    (SILENCED, {"subscription": "*", "check": "*"}, "must provide check or subscription"),
    (SILENCED, {"subscription": "a:b:c"}, f"Subscription {BAD}"),
    (SILENCED, {"check": "a/b"}, f"Check {BAD}"),
    (SILENCED, {"metadata": CLUSTER_META}, "namespace must be set"),
    (USER, {"username": ""}, "username must not be empty"),
    (USER, {"username": "Bob"}, f"username {BAD}"),
    (USER, {"username": "bob:x"}, f"username {BAD}"),
    (USER, {"password": ""}, "a password or its hash is required"),
    (USER, {"password": "1234567"}, "password length must be at least 8 characters"),
    (API_KEY, {"metadata": META}, "api key cannot have a namespace"),
    (API_KEY, {"username": ""}, "api key must have a username"),
    (ENTITY, {"metadata": NAMELESS}, "entity name must not be empty"),
    (ENTITY, {"entity_class": ""}, "entity class must not be empty"),
    (ENTITY, {"entity_class": "my class"}, f"entity class {BAD}"),
    (ENTITY, {"metadata": CLUSTER_META}, "namespace must be set"),
    (Namespace(name="x"), {"name": ""}, "namespace name must not be empty"),
    (Namespace(name="x"), {"name": "a/b"}, f"namespace name {BAD}"),
]


@pytest.mark.parametrize(("valid", "changes", "expected"), BROKEN)
def test_each_broken_rule_is_told_in_the_words_of_the_api(valid: Wire, changes: dict[str, Any], expected: str) -> None:
    """A valid resource that is made to break one rule is refused with that rule's recorded message."""
    assert problem_of(valid) is None
    assert problem_of(msgspec.structs.replace(valid, **changes)) == expected


@pytest.mark.parametrize(
    "resource",
    [
        msgspec.structs.replace(ASSET, metadata=ObjectMeta(name="sensu/slack:1", namespace="default")),
        msgspec.structs.replace(ASSET, url="", sha512="", builds=(AssetBuild(url="http://x", sha512=SHA),)),
        Handler(metadata=META, type="set"),
        Handler(metadata=META, type="tcp", socket=HandlerSocket(host="h", port=1)),
        Handler(metadata=META, type="pipe", command="x", env_vars=("not checked",)),
        Mutator(metadata=META, type="javascript", eval="return 1"),
        Mutator(metadata=META, type="pipe", command="x", env_vars=("not checked",)),
        Pipeline(metadata=META),
        Silenced(metadata=META, check="cpu"),
        Silenced(metadata=META, subscription="*", check="cpu"),
        Silenced(metadata=META, subscription="*"),
        Silenced(metadata=META, check="*"),
        EventFilter(metadata=META, action="allow", expressions=("true",), runtime_assets=("not checked!",)),
        Silenced(metadata=META, subscription="entity:web-1", check="*"),
        User(username="bob", password_hash="any text"),
        Role(metadata=META, rules=(Rule(),)),
        Role(metadata=META, rules=(Rule(verbs=("*",), resources=("no-such-word",)),)),
        msgspec.structs.replace(BINDING, subjects=(Subject(type="Group", name="größe"),)),
        msgspec.structs.replace(CLUSTER_BINDING, role_ref=RoleRef(type="Role", name="useless")),
        TessenConfig(opt_out=True),
        Namespace(name="a:b"),
    ],
)
def test_what_the_reference_accepts_is_valid(resource: Wire) -> None:
    """Resources at the edge of the rules that the reference takes are taken."""
    assert problem_of(resource) is None


def test_every_kind_can_be_judged() -> None:
    """No kind of the table is without a verdict, whatever stands in its fields."""
    for kind in STORED_TYPES:
        assert isinstance(problem_of(kind.shape()), str | None)
        assert list(expressions_of(kind.shape())) == []


def test_windows_of_filters_must_be_times_of_day() -> None:
    """A filter whose window is no time of day is refused."""
    days = WindowDays(all=(ClockWindow(begin="15:00", end="16:00"),))
    told = problem_of(msgspec.structs.replace(FILTER, when=TimeWindowWhen(days=days)))
    assert told is not None
    assert told.startswith('parsing time "15:00"')


@pytest.mark.parametrize(
    ("expressions", "problem"),
    [
        (("1",) * EXPRESSIONS_MAX, None),
        (("1",) * (EXPRESSIONS_MAX + 1), "it has 501 expressions, but at most 500 are allowed"),
        (("a" * 8192, "b" * 8192), None),
        (("a" * 8192, "b" * 8193), "the expressions have 16385 characters, but at most 16384 are allowed"),
    ],
)
def test_there_is_a_bound_on_what_is_parsed(expressions: tuple[str, ...], problem: str | None) -> None:
    """Nobody can keep the backend busy with parsing: too many expressions, or too long ones, are refused unparsed."""
    assert problem_of(msgspec.structs.replace(FILTER, expressions=expressions)) == problem
    requests = ProxyRequests(entity_attributes=expressions)
    assert problem_of(CheckConfig(metadata=META, interval=60, proxy_requests=requests)) == problem


def test_expressions_are_listed_in_order() -> None:
    """The expressions to parse are those of a filter, or those of all builds of an asset."""
    assert list(expressions_of(msgspec.structs.replace(FILTER, expressions=("a", "b")))) == ["a", "b"]
    assert list(expressions_of(msgspec.structs.replace(ASSET, filters=("a",)))) == ["a"]
    builds = (AssetBuild(filters=("b", "c")), AssetBuild(), AssetBuild(filters=("d",)))
    assert list(expressions_of(msgspec.structs.replace(ASSET, filters=("a",), builds=builds))) == ["b", "c", "d"]


def test_all_broken_rules_are_found_each_with_its_field() -> None:
    """A resource with several faults is told all of them, in the order in which the API would report them."""
    check = CheckConfig(metadata=SPACED, subscriptions=("",), ttl=5, interval=10, env_vars=("A",))
    assert [(one.path, one.message) for one in problems_of(check)] == [
        ("metadata.name", f"check name {BAD}"),
        ("ttl", "ttl must be greater than check interval"),
        ("subscriptions", "subscriptions cannot be empty strings"),
        ("env_vars", "environment variables must be of the form FOO=BAR"),
    ]
    workflow = PipelineWorkflow(name="", filters=(reference("EventFilter"), reference("Handler")))
    found = [one.path for one in problems_of(Pipeline(metadata=META, workflows=(WORKFLOW, workflow)))]
    assert found == ["workflows[1].name", "workflows[1].filters[1].type", "workflows[1].handler"]


@pytest.mark.parametrize(("base", "changes", "why"), BROKEN)
def test_each_problem_is_about_a_field_that_the_kind_has(base: Wire, changes: dict[str, Any], why: str) -> None:
    """The path of a problem leads to a field, so that a form can show it there."""
    resource = msgspec.structs.replace(base, **changes)
    for problem in problems_of(resource):
        names = set(resource.__struct_fields__) | {""}
        assert problem.path.partition(".")[0].partition("[")[0] in names, problem
