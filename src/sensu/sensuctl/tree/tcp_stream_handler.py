"""`sensuctl tcp-stream-handler …`."""

from typing import Any

from sensu.resources.kinds import TCP_STREAM
from sensu.sensuctl.declare import deletion, info, listing
from sensu.sensuctl.forms import get
from sensu.sensuctl.resource_commands import Noun, name_of
from sensu.sensuctl.table import Column

NOUN = Noun(
    TCP_STREAM,
    (
        Column("Name", name_of, key=True),
        Column("Address", lambda handler: get(handler, "spec.address") or ""),
        Column("Connections", lambda handler: str(get(handler, "spec.max_connections") or 0)),
        Column("TLS", lambda handler: "yes" if _is_encrypted(handler) else "no"),
    ),
)
COMMANDS = (deletion("tcp-stream-handler"), info("tcp-stream-handler"), listing("tcp-stream-handler"))


def _is_encrypted(handler: Any) -> bool:
    return any(get(handler, f"spec.{name}") for name in ("tls_ca_cert_file", "tls_cert_file"))
