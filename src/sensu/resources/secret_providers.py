"""Secrets providers: the places that values of secrets come from.

Source: docs, "Secrets providers reference", "Secrets API" (fields that are always written). `FileProvider` is ours.
"""

from sensu.resources.metadata import ObjectMeta
from sensu.resources.wire import Wire, always, always_int, always_null, always_str
from sensu.resources.wire_numbers import I64

ENV = "env"
"""The name of the only provider of type `Env`."""
RETRIES, AWS_TIMEOUT_S = 2, 60


class EnvProvider(Wire, frozen=True):
    """The environment of the backend. Every backend has this provider, and it has no settings."""

    metadata: ObjectMeta = always(lambda: ObjectMeta(name=ENV))


class FileProvider(Wire, frozen=True):
    """A directory with a file for each value, as Kubernetes and systemd mount credentials.

    Without `directory`, it is the one that systemd gives to the service of the backend.
    """

    metadata: ObjectMeta = always(ObjectMeta)
    directory: str = always_str()


class ServerTLS(Wire, frozen=True):
    """How a connection to the server of a provider is encrypted.

    The files are on the backend's host. `cname` is the name in the server's certificate if it is not that of the URL.
    """

    ca_cert: str = always_str()
    client_cert: str = always_str()
    client_key: str = always_str()
    cname: str = always_str()


class RateLimiter(Wire, frozen=True):
    """The maximum number of requests per second to a server, and in a burst."""

    limit: float = always(float)
    burst: I64 = always_int()


class VaultClient(Wire, frozen=True):
    """How a Vault server is asked; `version` is that of its key/value engine.

    With `agent_address`, a Vault Agent is asked, which adds its own token. With a client certificate and without
    `token`, the backend logs in with the certificate. `namespace` is one of Vault's.
    """

    address: str = always_str()
    agent_address: str = always_str()
    max_retries: I64 = always(lambda: RETRIES)
    rate_limiter: RateLimiter | None = always_null()
    timeout: str = always_str()
    tls: ServerTLS | None = always_null()
    token: str = always_str()
    version: str = always_str()
    namespace: str = ""


class VaultProvider(Wire, frozen=True):
    """A HashiCorp Vault server, or another one with its API, such as OpenBao."""

    metadata: ObjectMeta = always(ObjectMeta)
    client: VaultClient = always(VaultClient)


class ConjurClient(Wire, frozen=True):
    """How a Conjur server is asked; values are used for `ttl` before they are asked for again."""

    account: str = always_str()
    api_key: str = always_str()
    appliance_url: str = always_str()
    login: str = always_str()
    timeout: str = always_str()
    tls: ServerTLS | None = always_null()
    ttl: str = always_str()


class CyberArkProvider(Wire, frozen=True):
    """A CyberArk Conjur server."""

    metadata: ObjectMeta = always(ObjectMeta)
    client: ConjurClient = always(ConjurClient)


class AWSClient(Wire, frozen=True):
    """The account and region of AWS Secrets Manager; `timeout` is in seconds."""

    access_key: str = always_str()
    region: str = always_str()
    secret_key: str = always_str()
    timeout: I64 = always(lambda: AWS_TIMEOUT_S)


class AWSProvider(Wire, frozen=True):
    """AWS Secrets Manager."""

    metadata: ObjectMeta = always(ObjectMeta)
    client: AWSClient = always(AWSClient)
