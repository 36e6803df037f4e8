"""Tries a log-in at one authentication provider and says what happens, for those who set up the provider."""

import msgspec

from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import Identity
from sensu.backend.auth.providers import PasswordLogin, Providers
from sensu.backend.services.audit import AuditLog
from sensu.backend.services.outcomes import Denied, Found, Invalid, NotFound, Refusal
from sensu.backend.services.payload import Payload, decoded
from sensu.resources.kinds import AUTH_PROVIDER
from sensu.resources.wire import Wire, encode
from sensu.store.contract import Store


class TriedLogin(Wire, frozen=True):
    """A user name and password to try."""

    username: str = ""
    password: str = ""


class TrialReport(msgspec.Struct, frozen=True):
    """Whether the user would be let in, under which name and with which groups, and what happened.

    `problem` is why the user would be refused, `user_id` its id at the provider.
    """

    accepted: bool
    username: str
    user_id: str
    groups: tuple[str, ...]
    problem: str
    steps: tuple[str, ...]


class LoginTrials:
    """Tries log-ins for callers who may change the provider, because they learn more than those who log in."""

    def __init__(self, store: Store, access: Access, providers: Providers, audit: AuditLog) -> None:
        self._store = store
        self._access = access
        self._providers = providers
        self._audit = audit

    async def test(self, caller: Identity, name: str, payload: Payload) -> Found | Refusal:
        """Try a log-in; no session begins. Raises TooManyAttempts and StoreError."""
        if not self._access.allows(caller, "update", AUTH_PROVIDER.segment, name=name):
            return Denied()
        provider = self._providers.configured(name)
        if provider is None:
            return NotFound()
        tried = await decoded(TriedLogin, payload)
        if isinstance(tried, Invalid):
            return tried
        trial = await provider.tried(PasswordLogin(tried.username, tried.password, caller.address))
        kind = next(one for one in AUTH_PROVIDER.types if provider.id.startswith(f"{one.type}/"))
        await self._store.commit(self._audit.of_login_trial(caller, kind, name, trial.mistake))
        principal = trial.principal
        return Found(
            encode(
                TrialReport(
                    accepted=principal is not None,
                    username=trial.username if principal is None else principal.username,
                    user_id="" if principal is None else principal.user_id,
                    groups=() if principal is None else principal.groups,
                    problem=trial.mistake,
                    steps=tuple(trial.steps),
                )
            )
        )
