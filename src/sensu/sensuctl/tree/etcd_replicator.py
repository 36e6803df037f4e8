"""`sensuctl etcd-replicator …`."""

from sensu.resources.kinds import ETCD_REPLICATOR
from sensu.sensuctl.declare import deletion, info, listing
from sensu.sensuctl.forms import get
from sensu.sensuctl.resource_commands import Noun, name_of
from sensu.sensuctl.table import Column

NOUN = Noun(
    ETCD_REPLICATOR,
    (
        Column("Name", name_of, key=True),
        Column("Resource", lambda one: f"{get(one, 'spec.api_version')}.{get(one, 'spec.resource')}"),
        Column("Namespace", lambda one: get(one, "spec.namespace") or "all"),
        Column("URL", lambda one: get(one, "spec.url") or ""),
        Column("Interval", lambda one: str(get(one, "spec.replication_interval_seconds") or 0)),
    ),
)
COMMANDS = (deletion("etcd-replicator"), info("etcd-replicator"), listing("etcd-replicator"))
