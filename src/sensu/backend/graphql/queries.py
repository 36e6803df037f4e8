"""The root fields of queries: the viewer, single resources, the lists of namespaces, and the backend's health."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from graphql import GraphQLError

from sensu.backend.graphql import node_ids
from sensu.backend.graphql.lists import Connection, page
from sensu.backend.graphql.nouns import Resolver, wrapped
from sensu.backend.graphql.reader import Info
from sensu.backend.graphql.suggestions import suggest
from sensu.backend.services.outcomes import Found
from sensu.resources.kinds import EVENT, NAMESPACE, Kind
from sensu.resources.namespace import Namespace
from sensu.resources.user import User
from sensu.resources.wire import decode

HEALTH_TIMEOUT_MS_MAX = 10_000
"""The maximum time to wait for the store's health, whatever the query requests."""


@dataclass(frozen=True, slots=True)
class HealthMember:
    """A backend of the cluster; the fields are those of the schema."""

    member_id: str
    name: str
    err: str
    healthy: bool


def _viewer(root: None, info: Info) -> Mapping[str, Any]:
    return {"user": _user, "namespaces": _namespaces}


async def _user(info: Info) -> Mapping[str, Any] | None:
    reader = info.context
    if not reader.is_known:
        return None
    outcome = await reader.use_cases.users.get(reader.caller, reader.caller.username)
    if not isinstance(outcome, Found):
        return None
    user = decode(User, outcome.body)
    return {"username": user.username, "groups": user.groups, "disabled": user.disabled, "hasPassword": True}


async def _namespaces(info: Info) -> list[Namespace]:
    reader = info.context
    found = await reader.bodies(NAMESPACE, None)
    reader.work.shown(len(found.items), info)
    return [decode(Namespace, body) for body in found.items]


def one_of(kind: Kind) -> Resolver:
    """A resolver for the resource of that kind, namespace and name."""

    async def one(root: None, info: Info, namespace: str, name: str) -> Any:
        return await info.context.one(info, kind, namespace, name)

    return one


async def _namespace(root: None, info: Info, name: str) -> Any:
    return await info.context.one(info, NAMESPACE, "", name)


async def _event(root: None, info: Info, namespace: str, entity: str, check: str | None = None) -> Any:
    if not entity or not check:
        raise GraphQLError("resource is invalid: must specify entity and check name")
    return await info.context.one(info, EVENT, namespace, f"{entity}/{check}")


async def _node(root: None, info: Info, id: str) -> Any:
    node = node_ids.parsed(id)
    if isinstance(node, str):
        raise GraphQLError(node)
    return await info.context.one(info, node.kind, node.namespace, node.name)


async def _wrapped_node(root: None, info: Info, id: str) -> Any:
    found = await _node(root, info, id)
    return None if found is None else wrapped(found)


def page_of(kind: Kind) -> Resolver:
    """A resolver for a page of the namespace's resources of that kind."""

    async def connection(namespace: Namespace, info: Info, **args: Any) -> Connection:
        reader = info.context
        found = page(kind, await reader.bodies(kind, namespace.name), args)
        reader.work.shown(len(found.nodes), info)
        await asyncio.sleep(0)
        return found

    return connection


def _versions(root: None, info: Info) -> Mapping[str, Any]:
    cases = info.context.use_cases
    etcd = {"server": cases.etcd_versions["etcdserver"], "cluster": cases.etcd_versions["etcdcluster"]}
    return {"backend": {"version": cases.version, "buildSHA": "", "buildDate": None}, "etcd": etcd}


def _health(root: None, info: Info) -> Mapping[str, Any]:
    return {"etcd": _store_health}


async def _store_health(info: Info, timeout: int | None) -> Mapping[str, Any]:  # noqa: ASYNC109
    timeout_ms = min(max(1, timeout or 1), HEALTH_TIMEOUT_MS_MAX)
    found = msgspec.json.decode(await info.context.use_cases.health(timeout_ms / 1000))
    members = [
        HealthMember(str(one["MemberID"]), one["Name"], one["Err"], one["Healthy"]) for one in found["ClusterHealth"]
    ]
    return {"alarms": (), "members": members}


async def _clusters(root: None, info: Info) -> list[Mapping[str, Any]]:
    reader = info.context
    if not reader.is_known:
        return []
    found = (await reader.use_cases.clusters(reader.caller)).clusters
    reader.work.shown(len(found) + sum(len(one.namespaces) for one in found), info)
    return [
        {
            "name": one.name,
            "isLocal": one.local,
            "apiUrls": one.api_urls,
            "namespaces": [{"name": name, "cluster": one.name} for name in one.namespaces],
            "error": one.error or None,
        }
        for one in found
    ]


QUERY_RESOLVERS: Mapping[str, Mapping[str, Resolver]] = {
    "Query": {
        "viewer": _viewer,
        "namespace": _namespace,
        "event": _event,
        "node": _node,
        "wrappedNode": _wrapped_node,
        "suggest": suggest,
        "versions": _versions,
        "health": _health,
        "clusters": _clusters,
    },
}
"""Resolvers by type and field; `schema.py` adds the fields for one resource of a kind and for its lists."""
