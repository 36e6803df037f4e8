"""The providers of secrets: there is one, the backend's own environment, which nobody makes and nobody removes.

Source: docs, "Secrets API" (the provider `env` is there from the start, and has no settings).
"""

from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import Identity
from sensu.backend.services.outcomes import Denied, Found, Invalid, Listing, NotFound, Refusal
from sensu.backend.services.pages import one_chunk
from sensu.backend.services.payload import Payload, decoded
from sensu.resources.secret import ENV_PROVIDER, EnvProvider
from sensu.resources.wire import encode

_WORD = "providers"


class SecretProviders:
    """Shows the provider."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def listing(self, caller: Identity) -> Listing | Refusal:
        """All providers."""
        if not self._access.allows(caller, "list", _WORD):
            return Denied()
        return Listing(one_chunk([encode(EnvProvider())]), total=1)

    def get(self, caller: Identity, name: str) -> Found | Refusal:
        """One provider."""
        if not self._access.allows(caller, "get", _WORD, name=name):
            return Denied()
        return Found(encode(EnvProvider())) if name == ENV_PROVIDER else NotFound()

    async def replace(self, caller: Identity, name: str, payload: Payload) -> Found | Refusal:
        """The provider as it is, if that is what is sent, so that files that name it can be applied."""
        if not self._access.allows(caller, "update", _WORD, name=name):
            return Denied()
        sent = await decoded(EnvProvider, payload)
        if isinstance(sent, Invalid):
            return sent
        if (sent.type, sent.metadata.name, name) != (EnvProvider().type, ENV_PROVIDER, ENV_PROVIDER):
            return Invalid(f'the only provider is "{ENV_PROVIDER}", of type {EnvProvider().type}')
        return Found(encode(EnvProvider()))
