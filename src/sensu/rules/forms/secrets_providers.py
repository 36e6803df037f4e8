"""The forms of secrets providers."""

from sensu.resources.kinds import AWS_PROVIDER, CYBERARK_PROVIDER, FILE_PROVIDER, VAULT_PROVIDER
from sensu.rules.forms.inputs import FormInput, KindForm, metadata
from sensu.rules.kinds.vault_provider import VERSIONS

WHERE, MORE = "Where the values are", "More"
_FILE = "A file on each backend's host, in PEM format."
_TLS = {
    "client.tls": FormInput("TLS", "For servers whose certificates the system does not trust.", widget="group"),
    "client.tls.ca_cert": FormInput("Authorities", _FILE, example="/etc/ssl/certs/vault_ca_cert.pem"),
    "client.tls.client_cert": FormInput("Client certificate", _FILE),
    "client.tls.client_key": FormInput("Key of the client certificate", _FILE),
    "client.tls.cname": FormInput("Server name", "The name in the server's certificate, if it is not that of the URL."),
}
_TIMEOUT = FormInput("Timeout", "The time limit for fetching a value, with all attempts.", example="20s")

FILE_FORM = KindForm(
    FILE_PROVIDER,
    (WHERE, MORE),
    {
        **metadata(WHERE),
        "directory": FormInput(
            "Directory",
            "A directory on each backend's host that its option secrets-directories allows; empty for the credentials "
            "that systemd gives to the backend.",
            WHERE,
            example="/run/secrets/sensu",
        ),
    },
)
VAULT_FORM = KindForm(
    VAULT_PROVIDER,
    (WHERE, MORE),
    {
        **metadata(WHERE),
        "client": FormInput("Server", section=WHERE, widget="group"),
        "client.address": FormInput(
            "Address", "The URL of the Vault server.", example="https://vault.example.org:8200"
        ),
        "client.version": FormInput("Version", "The version of the key/value engine.", choices=VERSIONS),
        "client.token": FormInput(
            "Token",
            "A token of Vault; empty to log in with the client certificate. The backend renews it.",
            widget="password",
        ),
        **_TLS,
        "client.namespace": FormInput("Namespace of Vault", "Empty for the root namespace."),
        "client.agent_address": FormInput(
            "Address of a Vault Agent", "It is asked instead of the server, and adds its own token."
        ),
        "client.timeout": _TIMEOUT,
        "client.max_retries": FormInput("Further attempts", "How often a request that failed is repeated."),
        "client.rate_limiter": FormInput("Rate limit", widget="group"),
        "client.rate_limiter.limit": FormInput("Requests per second"),
        "client.rate_limiter.burst": FormInput("Burst", "How many requests may be sent at once."),
    },
)
CYBERARK_FORM = KindForm(
    CYBERARK_PROVIDER,
    (WHERE, MORE),
    {
        **metadata(WHERE),
        "client": FormInput("Server", section=WHERE, widget="group"),
        "client.appliance_url": FormInput(
            "URL", "The URL of the Conjur server.", example="https://conjur.example.org:8443"
        ),
        "client.account": FormInput("Account", "The account of Conjur.", example="example.org"),
        "client.login": FormInput("Login", "host, policy and host of the policy.", example="host/Sensu/sensuBackend"),
        "client.api_key": FormInput("API key", "The API key of the login.", widget="password"),
        **_TLS,
        "client.ttl": FormInput("Kept for", "How long a value is used before it is asked for again.", example="60s"),
        "client.timeout": _TIMEOUT,
    },
)
AWS_FORM = KindForm(
    AWS_PROVIDER,
    (WHERE, MORE),
    {
        **metadata(WHERE),
        "client": FormInput("Account", section=WHERE, widget="group"),
        "client.region": FormInput("Region", "The region of the secrets.", example="eu-central-1"),
        "client.access_key": FormInput("Access key", "The id of an access key.", widget="password"),
        "client.secret_key": FormInput("Secret key", "The secret of the access key.", widget="password"),
        "client.timeout": FormInput("Timeout", "The time limit for fetching a value.", unit="s"),
    },
)
