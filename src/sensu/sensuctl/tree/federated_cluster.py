"""`sensuctl federated-cluster …`; `sensuctl cluster …` is about the backends of this cluster."""

from sensu.resources.kinds import CLUSTER
from sensu.sensuctl.declare import deletion, info, listing
from sensu.sensuctl.forms import get
from sensu.sensuctl.resource_commands import Noun, name_of
from sensu.sensuctl.table import Column

NOUN = Noun(
    CLUSTER,
    (
        Column("Name", name_of, key=True),
        Column("API URLs", lambda cluster: ",".join(get(cluster, "spec.api_urls") or ())),
    ),
)
COMMANDS = (deletion("federated-cluster"), info("federated-cluster"), listing("federated-cluster"))
