"""The forms of stream handlers."""

from sensu.resources.kinds import SUMO_LOGIC, TCP_STREAM
from sensu.rules.forms.handling import AFTER_FAILURE, FAILURE, MORE, WHAT
from sensu.rules.forms.inputs import FormInput, KindForm, environment, metadata

_CONNECTIONS = "The largest number of connections of a backend process;"

TCP_STREAM_FORM = KindForm(
    TCP_STREAM,
    (WHAT, FAILURE, MORE),
    {
        **metadata(WHAT),
        "address": FormInput("Address", "HOST:PORT of the receiver.", WHAT, example="logs.example.com:4242"),
        "max_connections": FormInput("Connections", f"{_CONNECTIONS} 0 opens one for each event.", WHAT),
        "tls_ca_cert_file": FormInput(
            "Authorities", "A file on the backends' hosts; turns TLS on.", WHAT, more=True, example="/etc/sensu/ca.pem"
        ),
        "tls_cert_file": FormInput("Client certificate", "A file on the backends' hosts.", WHAT, more=True),
        "tls_key_file": FormInput("Key of the client certificate", "A file on the backends' hosts.", WHAT, more=True),
        "min_reconnect_delay": FormInput(
            "First pause before a new connection", "Pauses double up to the longest.", FAILURE, example="10ms"
        ),
        "max_reconnect_delay": FormInput("Longest pause before a new connection", section=FAILURE, example="10s"),
        **AFTER_FAILURE,
    },
)
SUMO_LOGIC_FORM = KindForm(
    SUMO_LOGIC,
    (WHAT, FAILURE, MORE),
    {
        **metadata(WHAT),
        "url": FormInput(
            "URL", "The URL of an HTTP source, or $NAME for a secret.", WHAT, example="$SUMO_LOGIC_SOURCE_URL"
        ),
        **{path: given for path, given in environment(WHAT).items() if path.startswith("secrets")},
        "max_connections": FormInput("Connections", f"{_CONNECTIONS} 0 for no limit.", WHAT),
        "timeout": FormInput("Timeout", "The time that a request may take.", WHAT, example="10s"),
        **AFTER_FAILURE,
    },
)
