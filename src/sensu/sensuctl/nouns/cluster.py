"""`sensuctl cluster …`.

Source: recorded sensuctl session cluster.
"""

from typing import Any

from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import APIError, CommandFailed
from sensu.sensuctl.output import show_table, show_title, show_value
from sensu.sensuctl.resource_commands import joined
from sensu.sensuctl.table import Column

PATH = "/api/core/v2/cluster"
OWNERS_PATH = "/api/sensu/v1/cluster/owners"
ID_MAX = 2**64 - 1
HEALTH_COLUMNS = (
    Column("ID", lambda member: f"{member.get('MemberID', 0):x}", key=True),
    Column("Name", lambda member: member.get("Name", ""), key=True),
    Column("Error", lambda member: member.get("Err", "")),
    Column("Healthy", lambda member: bool(member.get("Healthy")), key=True),
)
ALARM_COLUMNS = (
    Column("ID", lambda alarm: f"{alarm.get('MemberID', alarm.get('memberID', 0)):x}", key=True),
    Column("Alarm Type", lambda alarm: alarm.get("Alarm", alarm.get("alarm", ""))),
)
MEMBER_COLUMNS = (
    Column("ID", lambda member: f"{member.get('ID', 0):x}", key=True),
    Column("Name", lambda member: member.get("name", ""), key=True),
    Column("Peer URLs", lambda member: joined(member.get("peerURLs"))),
    Column("Client URLs", lambda member: joined(member.get("clientURLs"))),
)
OWNER_COLUMNS = (
    Column("ID", lambda member: member.get("id", ""), key=True),
    Column("Name", lambda member: member.get("name", ""), key=True),
    Column("Slots", lambda member: len(member.get("slots") or ())),
    Column("Pending Deliveries", lambda member: member.get("deliveries_owed", 0)),
    Column("Leaving", lambda member: bool(member.get("leaving"))),
)
_REST: dict[str, Any] = {"xxx_nounkeyedliteral": {}, "xxx_unrecognized": [], "xxx_sizecache": 0}
"""Additional fields in the reference's YAML of members, kept for scripts."""


def show_health(context: Context) -> None:
    """`sensuctl cluster health`."""
    health = context.session.get("/health")
    members = health.get("ClusterHealth") or []
    if context.format == "yaml":
        show_value(context, [{key.lower(): value for key, value in member.items()} for member in members])
    elif not show_value(context, members):
        _show_cluster_title(context, health.get("Header"))
        show_table(context, HEALTH_COLUMNS, members)
        if health.get("Alarms"):
            show_table(context, ALARM_COLUMNS, health["Alarms"])
        for warning in (one for member in members for one in member.get("Warnings") or ()):
            context.print(f"warning: {warning}")


def _show_cluster_title(context: Context, header: Any) -> None:
    show_title(context, f"Etcd Cluster ID: {(header or {}).get('cluster_id', 0):x}")


def show_id(context: Context) -> None:
    """`sensuctl cluster id`."""
    answer = context.session.call("GET", f"{PATH}/id")
    context.print(f"sensu cluster id: {answer.body.decode(errors='replace').strip()}")


def list_members(context: Context) -> None:
    """`sensuctl cluster member-list`."""
    found = context.session.get(f"{PATH}/members")
    if context.format == "yaml":
        show_value(context, _yaml_members(found))
    elif not show_value(context, found):
        _show_cluster_title(context, found.get("header"))
        show_table(context, MEMBER_COLUMNS, found.get("members") or [])


def _yaml_members(found: Any) -> dict[str, Any]:
    header = found.get("header") or {}
    return {
        "header": {
            "clusterid": header.get("cluster_id", 0),
            "memberid": header.get("member_id", 0),
            "revision": header.get("revision", 0),
            "raftterm": header.get("raft_term", 0),
            **_REST,
        },
        "members": [
            {
                "id": member.get("ID", 0),
                "name": member.get("name", ""),
                "peerurls": member.get("peerURLs") or [],
                "clienturls": member.get("clientURLs") or [],
                "islearner": bool(member.get("isLearner")),
                **_REST,
            }
            for member in found.get("members") or []
        ],
        **_REST,
    }


def show_owners(context: Context) -> None:
    """`sensuctl cluster owners [--entity NAME]`."""
    entity = context.flag("entity")
    query = {"entity": entity, "namespace": context.namespace} if entity else None
    found = context.session.get(OWNERS_PATH, query=query)
    if show_value(context, found):
        return
    show_table(context, OWNER_COLUMNS, found.get("members") or [])
    if entity:
        owner = found.get("owner")
        context.print(f"{entity}: {owner}" if owner else f"{entity}: nobody, because it moves to another backend now")


def add_member(context: Context) -> None:
    """`sensuctl cluster member-add NAME PEER-ADDRS`."""
    name, addresses = context.words
    found = _changed(context, "adding", "POST", f"{PATH}/members", {"peer-addrs": addresses}).json()
    member = found.get("member") or {}
    peers = [
        f"{other.get('name') or name}={url}"
        for other in found.get("members") or []
        for url in other.get("peerURLs") or []
    ]
    context.print(f"added member {member.get('ID', 0):x} to cluster")
    context.print()
    context.print(f'ETCD_NAME="{name}"')
    context.print(f'ETCD_INITIAL_CLUSTER="{",".join(peers)}"')
    context.print('ETCD_INITIAL_CLUSTER_STATE="existing"')


def update_member(context: Context) -> None:
    """`sensuctl cluster member-update ID PEER-ADDRS`."""
    number, addresses = context.words
    path = f"{PATH}/members/{_member_id(number)}"
    _changed(context, "updating", "PUT", path, {"peer-addrs": addresses})
    context.print(f"Updated member with ID {number} in cluster")


def remove_member(context: Context) -> None:
    """`sensuctl cluster member-remove ID`."""
    number = context.words[0]
    _changed(context, "removing", "DELETE", f"{PATH}/members/{_member_id(number)}")
    context.print(f"Removed member {number} from cluster")


def _changed(context: Context, deed: str, method: str, path: str, query: dict[str, str] | None = None) -> Any:
    try:
        return context.session.call(method, path, query=query)
    except APIError as err:
        raise CommandFailed(f"error {deed} cluster member: {err}") from err


def _member_id(text: str) -> str:
    """The hexadecimal number of a member; raises CommandFailed for anything else."""
    try:
        number = int(text, 16) if text.isalnum() else -1
    except ValueError:
        number = -1
    if number < 0:
        raise CommandFailed(f'invalid id: strconv.ParseUint: parsing "{text}": invalid syntax')
    if number > ID_MAX:
        raise CommandFailed(f'invalid id: strconv.ParseUint: parsing "{text}": value out of range')
    return f"{number:x}"
