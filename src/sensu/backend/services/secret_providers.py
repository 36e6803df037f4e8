"""Secret providers. The only one is the backend's environment; it cannot be created or deleted.

Source: docs, "Secrets API" (the provider `env` is built in, and has no settings).
"""

from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import Identity
from sensu.backend.services.outcomes import Denied, Found, Invalid, Listing, NotFound, Refusal
from sensu.backend.services.pages import one_chunk
from sensu.backend.services.payload import Payload, decoded_kind
from sensu.resources.documents import encoded
from sensu.resources.kinds import SECRET_PROVIDER
from sensu.resources.secret import ENV_PROVIDER, EnvProvider

_WORD = SECRET_PROVIDER.segment
_SHOWN = encoded(SECRET_PROVIDER, EnvProvider())


class SecretProviders:
    """Reads the secret provider."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def listing(self, caller: Identity) -> Listing | Refusal:
        """The secret providers."""
        if not self._access.allows(caller, "list", _WORD):
            return Denied()
        return Listing(one_chunk([_SHOWN]), total=1)

    def get(self, caller: Identity, name: str) -> Found | Refusal:
        """A secret provider."""
        if not self._access.allows(caller, "get", _WORD, name=name):
            return Denied()
        return Found(_SHOWN) if name == ENV_PROVIDER else NotFound()

    async def replace(self, caller: Identity, name: str, payload: Payload) -> Found | Refusal:
        """Accept the built-in provider unchanged, so that files that contain it can be applied."""
        if not self._access.allows(caller, "update", _WORD, name=name):
            return Denied()
        sent = await decoded_kind(SECRET_PROVIDER, payload)
        if isinstance(sent, Invalid):
            return sent
        if (sent.metadata.name, name) != (ENV_PROVIDER, ENV_PROVIDER):
            return Invalid(f'the only provider is "{ENV_PROVIDER}", of type {SECRET_PROVIDER.type}')
        return Found(_SHOWN)
