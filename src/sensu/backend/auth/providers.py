"""The protocol of authentication providers, and the providers of a backend."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
    """A provider cannot be asked now; `why` can be sent to the client. Sessions continue.

    `reasons` are for the audit log.
    """

    why: str
    reasons: tuple[str, ...] = ()


@dataclass(slots=True)
class LoginTrial:
    """What happens in a log-in, step by step; `mistake` is why the user is not let in."""

    steps: list[str] = field(default_factory=list)
    username: str = ""
    principal: Principal | None = None
    mistake: str = ""
    unavailable: bool = False


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

    def addressed_by(self, username: str) -> bool:
        """Whether a user name names this provider, so that no other one is asked."""
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


class ConfiguredProvider(Provider, Protocol):
    """A provider that is configured as a resource."""

    async def tried(self, login: PasswordLogin) -> LoginTrial:
        """What happens in a log-in, for administrators; it begins no session. Raises TooManyAttempts."""
        ...


class Providers:
    """The providers of a backend: `basic`, and those that are configured, in the order of their names."""

    def __init__(self, basic: Provider, configured: Callable[[], Mapping[str, ConfiguredProvider]] = dict) -> None:
        """`configured` returns the other providers by the names of their resources."""
        self._basic = basic
        self._configured = configured

    def get(self, provider_id: str) -> Provider | None:
        """The provider with that id."""
        if provider_id == self._basic.id:
            return self._basic
        found = self.configured(provider_id.partition("/")[2])
        return found if found is not None and found.id == provider_id else None

    async def log_in(self, login: PasswordLogin) -> Principal | Rejected | ProviderUnavailable:
        """The user, from the first provider that accepts the password; raises TooManyAttempts.

        A provider that is unavailable does not keep the others from being asked.
        """
        refusal: Rejected | ProviderUnavailable = WRONG_CREDENTIALS
        reasons, known = list[str](), ""
        login, asked = self._asked(login)
        for provider in asked:
            found = await provider.log_in(login)
            if isinstance(found, Principal) or provider.decides(login.username):
                return found
            reasons += found.reasons
            if isinstance(found, ProviderUnavailable):
                refusal = found
            else:
                known = known or found.username
        if isinstance(refusal, ProviderUnavailable):
            return replace(refusal, reasons=tuple(reasons))
        return replace(refusal, reasons=tuple(reasons), username=known)

    def all_configured(self) -> Sequence[ConfiguredProvider]:
        """The configured providers, in the order of their names."""
        return tuple(self._configured().values())

    def configured(self, name: str) -> ConfiguredProvider | None:
        """The configured provider of a name, whatever its type."""
        return self._configured().get(name)

    async def log_in_locally(self, login: PasswordLogin) -> Principal | Rejected | ProviderUnavailable:
        """The user, from the user records alone; raises TooManyAttempts."""
        return await self._basic.log_in(login)

    def _asked(self, login: PasswordLogin) -> tuple[PasswordLogin, Sequence[Provider]]:
        """The log-in, and the providers that are asked in turn: those that its user name names, or all.

        Basic credentials have no colon in the user name: of `ldap:alice:secret`, a client sends `ldap` as user name.
        """
        configured = tuple(self._configured().values())
        if not configured or self._basic.decides(login.username):
            return login, (self._basic, *configured)
        name, colon, password = login.password.partition(":")
        whole = PasswordLogin(f"{login.username}:{name}", password, login.address)
        for one in (login, whole) if colon else (login,):
            named = tuple(provider for provider in configured if provider.addressed_by(one.username))
            if named:
                return one, named
        return login, (self._basic, *configured)
