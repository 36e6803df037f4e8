"""The providers `ldap` and `ad`: users of directories log in with their password, and their groups are read there.

A log-in searches for the user with the account of the provider, binds as the user that was found to check the password,
and searches for its groups. Sessions are checked by reading the user and its groups again.
"""

import asyncio
import hmac
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from sensu.backend.auth.attempts import FairTurns, Guesses, origin_of
from sensu.backend.auth.directory.connection import (
    BASE,
    LIMITS,
    DirectoryRefusal,
    LDAPConnection,
    Limits,
    OutOfReach,
)
from sensu.backend.auth.directory.contexts import Contexts
from sensu.backend.auth.identity import WRONG_CREDENTIALS, Principal, Rejected
from sensu.backend.auth.providers import LoginTrial, PasswordLogin, ProviderUnavailable, id_of
from sensu.backend.auth.records import Records
from sensu.backend.auth.rest import Rest
from sensu.backend.auth.sessions import LoginSession
from sensu.clock import Clock
from sensu.log import fields
from sensu.resources.directory import DirectoryProvider, LDAPServer
from sensu.resources.kinds import USER, kind_of
from sensu.rules import directory as rules
from sensu.rules.directory import DirectoryEntry, Mistake

log = logging.getLogger("sensu.auth")

AT_ONCE = 16
"""The maximum number of log-ins and checks of sessions at a time; further ones wait, and addresses take turns."""
OWN_ACCOUNT_S = 3_600.0
"""How long a session lasts if only the user's own account can search: nobody else can check it later."""
AWAY = "the user directory is unavailable, try again later"
"""What clients get; the reason is for the log, the audit log and administrators."""

_Attempt = Callable[[LDAPServer], Awaitable[None]]
"""Does something at a server; raises OutOfReach and DirectoryRefusal."""


class Directory:
    """A provider of one resource; its passwords are opened already."""

    def __init__(self, resource: DirectoryProvider, records: Records, clock: Clock, limits: Limits = LIMITS) -> None:
        self._resource = resource
        self._limits = limits
        self._records = records
        self._clock = clock
        self._word = kind_of(resource).type
        self.id = id_of(kind_of(resource), resource.metadata.name)
        self._contexts = Contexts(clock)
        self._turns = FairTurns(AT_ONCE)
        self._guesses, self._key = Guesses(clock), secrets.token_bytes(32)
        self._rest = Rest(clock)

    def decides(self, username: str) -> bool:
        """No: another provider may have a user of that name too."""
        return False

    def addressed_by(self, username: str) -> bool:
        """Whether a user name begins with the prefix of this provider."""
        return rules.names_provider(self._resource.username_prefix, username)

    async def log_in(self, login: PasswordLogin) -> Principal | Rejected | ProviderUnavailable:
        """The user, if the directory accepts the password; raises TooManyAttempts."""
        if self._rest.lasts:
            return self._unavailable("the directory could not be reached before")
        name, origin = rules.guessed_name(self._resource.username_prefix, login.username), origin_of(login.address)
        self._guesses.check(name, origin)
        trial = await self.tried(login)
        if trial.principal is None and not trial.unavailable:
            self._guesses.wrong(name, origin, hmac.digest(self._key, login.password.encode(errors="replace"), "sha256"))
        if trial.unavailable:
            return self._unavailable(trial.mistake)
        if trial.principal is None:
            reason = f"{self.id}: {trial.mistake}"
            log.debug("a log-in is refused", extra=fields(provider=self.id, reason=trial.mistake))
            return Rejected(WRONG_CREDENTIALS.message, (reason,), trial.username)
        self._guesses.right(name, origin)
        return trial.principal

    def _unavailable(self, why: str) -> ProviderUnavailable:
        return ProviderUnavailable(AWAY, (f"{self.id}: {why}",))

    async def tried(self, login: PasswordLogin) -> LoginTrial:
        """A log-in with all its steps; raises TooManyAttempts."""
        trial = LoginTrial()
        mistake = rules.mistake_in(login.username, login.password)
        if mistake is not None:
            trial.mistake = mistake.why
            return trial
        name = rules.searched_name(self._resource.username_prefix, login.username)

        async def attempt(server: LDAPServer) -> None:
            outcome = await self._user_at(server, name, login.password, trial)
            if isinstance(outcome, Mistake):
                trial.mistake = outcome.why
            else:
                trial.principal = outcome

        problem = await self._at_first_server(login.address, attempt, trial.steps)
        if problem is not None:
            trial.mistake, trial.unavailable = problem, True
        return trial

    async def _at_first_server(self, address: str, attempt: _Attempt, steps: list[str]) -> str | None:
        """Do something at the first server that can be reached; the reason if there is none.

        A server that refuses a password is not followed by the next: that would count as several wrong passwords.
        """
        problems: list[str] = []
        try:
            async with asyncio.timeout(self._limits.login_s), self._turns.turn(origin_of(address)):
                for server in self._resource.servers or ():
                    steps.append(f"server {server.host}:{server.port} ({server.security})")
                    try:
                        await attempt(server)
                    except OutOfReach as err:
                        problems.append(str(err))
                        steps.append(f"failed: {err}")
                        continue
                    self._rest.worked()
                    return None
        except TimeoutError:
            problems.append(f"the log-in took more than {self._limits.login_s:g} s")
        except DirectoryRefusal as err:
            problems.append(str(err))
            log.warning("a directory cannot be used", extra=fields(provider=self.id, error=str(err)))
            return str(err)
        self._note_failure("; ".join(problems))
        return "; ".join(problems)

    def _note_failure(self, why: str) -> None:
        self._rest.failed()
        log.warning("no server of a directory can be reached", extra=fields(provider=self.id, error=why))

    @asynccontextmanager
    async def _searching(
        self, server: LDAPServer, upn: str, password: str
    ) -> AsyncIterator[tuple[LDAPConnection, Mistake | None]]:
        """A connection bound with the account that searches, and a mistake if that is the user's own and is refused."""
        async with LDAPConnection(server, await self._contexts.of(server), self._limits) as connection:
            binding = server.binding
            account = (upn, password) if upn else ("", "") if binding is None else (binding.user_dn, binding.password)
            answer = await connection.bind(*account)
            if not answer.right and not upn:
                raise DirectoryRefusal(
                    f"failed to bind: {rules.refusal(answer.message, answer.policy).why} ({account[0]})"
                )
            yield connection, None if answer.right else rules.refusal(answer.message, answer.policy)

    async def _user_at(self, server: LDAPServer, name: str, password: str, trial: LoginTrial) -> Principal | Mistake:
        upn = rules.upn_of(server, name)
        async with self._searching(server, upn, password) as (connection, mistake):
            if mistake is not None:
                return mistake
            trial.steps.append(f"bound as {upn or (server.binding.user_dn if server.binding else 'anonymous')}")
            condition = rules.user_condition(server, name)
            found = await connection.search(server.user_search.base_dn, condition, rules.user_attributes(server))
            entry = rules.user_found(self._word, found, name)
            if isinstance(entry, Mistake):
                return entry
            trial.steps.append(f"found {entry.dn}")
            username = rules.username_of(self._word, self._resource, server, entry)
            trial.username = "" if isinstance(username, Mistake) else username
            async with LDAPConnection(server, await self._contexts.of(server), self._limits) as own:
                answer = await own.bind(entry.dn, password)
            if not answer.right:
                return rules.refusal(answer.message, answer.policy)
            trial.steps.append("the password is right")
            return await self._principal(connection, server, entry, trial.steps)

    async def _principal(
        self, connection: LDAPConnection, server: LDAPServer, entry: DirectoryEntry, steps: list[str]
    ) -> Principal | Mistake:
        """The user of an entry with its groups."""
        username = rules.username_of(self._word, self._resource, server, entry)
        if isinstance(username, Mistake):
            return username
        if self._records.get(USER, "", username) is not None:
            return Mistake(f'there is a local user "{username}"; set username_prefix')
        problem = rules.account_problem(entry, self._clock.now())
        if problem is not None:
            return problem
        names = await self._group_names(connection, server, entry)
        if isinstance(names, Mistake):
            return names
        found = f"found {len(names)} LDAP group(s): {names[:100]}"
        log.debug(found, extra=fields(provider=self.id, username=username))
        steps.append(found)
        groups = rules.groups_of(self._resource, names)
        return groups if isinstance(groups, Mistake) else Principal(username, groups, self.id, entry.dn)

    async def _group_names(
        self, connection: LDAPConnection, server: LDAPServer, entry: DirectoryEntry
    ) -> Sequence[str] | Mistake:
        search = server.group_search
        if search is None:
            message = f'using the "memberOf" attribute to determine the group membership of user "{entry.dn}"'
            log.debug(message, extra=fields(provider=self.id))
            return rules.names_in(entry.values(rules.MEMBER_OF))
        attributes = tuple(dict.fromkeys((search.name_attribute, rules.CN)))
        found = await connection.search(search.base_dn, rules.group_condition(server, search, entry), attributes)
        return rules.group_names(self._word, search, found)

    def current(self, session: LoginSession) -> Principal | None:
        """The user of a session with the groups of the log-in or the last check."""
        if self._searches_with_own_account and self._clock.now() >= session.created_at + OWN_ACCOUNT_S:
            return None
        return Principal(session.username, session.groups, self.id, session.user_id)

    @property
    def _searches_with_own_account(self) -> bool:
        return any(rules.upn_of(server, "user") for server in self._resource.servers or ())

    async def check(self, session: LoginSession) -> Principal | ProviderUnavailable | None:
        """The user of a session as the directory has it now, None if it is gone or may not log in any more."""
        if self._searches_with_own_account:
            return self.current(session)
        if self._rest.lasts:
            return self._unavailable("the directory could not be reached before")
        outcome: list[Principal | Mistake] = []

        async def attempt(server: LDAPServer) -> None:
            outcome[:] = [await self._known_at(server, session.user_id)]

        problem = await self._at_first_server(session.address, attempt, [])
        if problem is not None or not outcome:
            return self._unavailable(problem or "the directory has no servers")
        if isinstance(outcome[0], Principal):
            return outcome[0]
        reason = outcome[0].why
        log.info("a session ends", extra=fields(provider=self.id, username=session.username, reason=reason))
        return None

    async def _known_at(self, server: LDAPServer, dn: str) -> Principal | Mistake:
        async with self._searching(server, "", "") as (connection, _):
            condition = rules.Equal("objectClass", server.user_search.object_class)
            found = await connection.search(dn, condition, rules.user_attributes(server), BASE)
            entry = rules.user_found(self._word, found, dn)
            return entry if isinstance(entry, Mistake) else await self._principal(connection, server, entry, [])
