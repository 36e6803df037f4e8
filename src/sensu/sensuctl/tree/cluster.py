"""`sensuctl cluster …`."""

from sensu.flags import Flag
from sensu.sensuctl.command import Command
from sensu.sensuctl.declare import ANY, FORMAT, ONE, TWO, change

COMMANDS = (
    Command(
        "health",
        "cluster health [flags]",
        "Show the health of the backends",
        "nouns.cluster:show_health",
        (FORMAT,),
        ANY,
        example="sensuctl cluster health",
    ),
    Command(
        "id",
        "cluster id [flags]",
        "Show the identifier of the cluster",
        "nouns.cluster:show_id",
        example="sensuctl cluster id",
    ),
    change(
        "cluster",
        "member-add",
        "nouns.cluster:add_member",
        "[NAME] [PEER-ADDRS]",
        TWO,
        "Add a member",
        "backend-2 https://10.0.0.2:2380",
    ),
    Command(
        "member-list",
        "cluster member-list [flags]",
        "List the members",
        "nouns.cluster:list_members",
        (FORMAT,),
        ANY,
        example="sensuctl cluster member-list",
    ),
    change(
        "cluster", "member-remove", "nouns.cluster:remove_member", "[ID]", ONE, "Remove a member", "2f7ae42c315f8c2d"
    ),
    Command(
        "owners",
        "cluster owners [flags]",
        "Show which backend processes which part of the entities",
        "nouns.cluster:show_owners",
        (FORMAT, Flag("entity", "string", help="tell also who processes the events of this entity")),
        ANY,
        example="sensuctl cluster owners --entity web-1",
    ),
    change(
        "cluster",
        "member-update",
        "nouns.cluster:update_member",
        "[ID] [PEER_ADDRS]",
        TWO,
        "Update the addresses of a member",
        "2f7ae42c315f8c2d https://10.0.0.4:2380",
    ),
)
