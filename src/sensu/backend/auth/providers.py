"""The protocol of authentication providers, and the providers of a backend."""

from dataclasses import dataclass
from typing import Protocol

import msgspec

from sensu.backend.auth.identity import WRONG_CREDENTIALS, Principal, Rejected
from sensu.backend.auth.sessions import LoginSession
from sensu.resources.kinds import Kind


class PasswordLogin(msgspec.Struct, frozen=True):
    """A user name and password, and the network address that they were sent from. Never logged."""

    username: str
    password: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class ProviderUnavailable:
    """A provider cannot be asked now; `why` can be sent to the client. Sessions continue."""

    why: str


def id_of(kind: Kind, name: str) -> str:
    """The id of a configured provider in sessions and tokens: `ldap/openldap`."""
    return f"{kind.type}/{name}"


class Provider(Protocol):
    """A source of users: the backend's own user records (`basic`), a directory, or an identity provider."""

    @property
    def id(self) -> str:
        """`basic`, or the type and name of the provider, such as `ldap/openldap`."""
        ...

    def decides(self, username: str) -> bool:
        """Whether no other provider is asked about log-ins with this user name."""
        ...

    async def log_in(self, login: PasswordLogin) -> Principal | Rejected | ProviderUnavailable:
        """The user, if the password is correct; raises TooManyAttempts."""
        ...

    def current(self, session: LoginSession) -> Principal | None:
        """The user of a session with its present groups, None if the user is no longer valid.

        Asked at every request, so it never waits: a provider on another host answers from the session.
        """
        ...

    async def check(self, session: LoginSession) -> Principal | ProviderUnavailable | None:
        """The same when a session is refreshed; a provider on another host is asked for it."""
        ...


class Providers:
    """The providers of a backend, in the order in which a log-in tries them."""

    def __init__(self, *providers: Provider) -> None:
        self._by_id = {provider.id: provider for provider in providers}

    def get(self, provider_id: str) -> Provider | None:
        """The provider with that id."""
        return self._by_id.get(provider_id)

    async def log_in(self, login: PasswordLogin) -> Principal | Rejected | ProviderUnavailable:
        """The user, from the first provider that accepts the password; raises TooManyAttempts.

        A provider that is unavailable does not keep the others from being asked.
        """
        refusal: Rejected | ProviderUnavailable = WRONG_CREDENTIALS
        for provider in tuple(self._by_id.values()):
            found = await provider.log_in(login)
            if isinstance(found, Principal) or provider.decides(login.username):
                return found
            if isinstance(found, ProviderUnavailable):
                refusal = found
        return refusal
