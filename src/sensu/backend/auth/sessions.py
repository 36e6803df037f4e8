"""Login sessions, which refresh tokens belong to: kept in the store, and cached in memory.

A session that is not refreshed expires. While the store is unavailable (for example, because the disk is full), users
can still log in: new sessions are kept in memory, by this process only, and stored at their next refresh. The number
of sessions is limited per user and in total: the one unused for longest is replaced by a new one.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence

import msgspec

from sensu.backend.auth.identity import BASIC
from sensu.errors import StoreError
from sensu.log import fields
from sensu.resources.wire import Wire, decode, encode
from sensu.rules.etag import etag
from sensu.store.contract import Store
from sensu.store.values import Change, DeleteResource, Key, Must, PutResource, Refused, Write

log = logging.getLogger("sensu.auth")

SESSION_KIND = "internal/v1.Session"
SESSIONS_MAX = 50_000
SESSIONS_OF_A_USER_MAX = 5_000
EXPIRED_SWEPT_AT_ONCE_MAX = 64
READ_AT_ONCE = 1_000
UNCHECKED_S = 300.0
"""How long a session lasts that cannot be checked, because its provider gave no refresh token."""
UNSTORED_MAX = 1_000
"""The maximum number of sessions that are kept only in memory; beyond it, the oldest of them ends."""


class LoginSession(Wire, frozen=True):
    """A login; times in Unix seconds.

    `provider_id` is the provider that knows the user, `user_id` its id there, and `groups` are those that the provider
    named at the login or the last refresh. `refresh_id` is the id of the refresh token in use, `replaced_id` of the
    one before it; `generation` grows with each change.
    Sessions of browsers have no refresh tokens: `web` ones have the SHA-256 of their cookie as id. `address` and
    `client` (a User-Agent) are those of the log-in, `used_at` is the last use of a web session, to the minute.
    `sealed` is what the provider needs to check the user, `checking_until` is set while it is asked with it.
    """

    id: str = ""
    username: str = ""
    refresh_id: str = ""
    refreshed_at: float = 0.0
    expires_at: float = 0.0
    replaced_id: str = ""
    generation: int = 0
    provider_id: str = BASIC
    user_id: str = ""
    groups: tuple[str, ...] = ()
    web: bool = False
    created_at: float = 0.0
    used_at: float = 0.0
    address: str = ""
    client: str = ""
    sealed: str = ""
    checking_until: float = 0.0

    @property
    def last_used_at(self) -> float:
        """When the session was last used, as far as that is known."""
        return max(self.created_at, self.refreshed_at, self.used_at)

    @property
    def user(self) -> tuple[str, str]:
        """The provider and the name of the user."""
        return self.provider_id, self.username


Ended = Callable[[LoginSession], Sequence[Write]]
"""What is stored with the end of a session whose user the provider no longer accepts."""


def nothing_else(session: LoginSession) -> Sequence[Write]:
    """Store nothing with the end of a session."""
    return ()


class StoredSessions:
    """The sessions of a cluster; those unused for longest come first."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._all: OrderedDict[str, LoginSession] = OrderedDict()
        self._of_user: dict[tuple[str, str], OrderedDict[str, None]] = {}
        self._unstored: OrderedDict[str, None] = OrderedDict()
        self._stop: Callable[[], None] = lambda: None

    async def open(self) -> None:
        """Read the sessions from the store and follow their changes."""
        self._stop = self._store.listen(self._follow)
        found: list[LoginSession] = []
        after: tuple[str, str] | None = None
        while True:
            page = await self._store.list(SESSION_KIND, None, after=after, limit=READ_AT_ONCE)
            found += [decode(LoginSession, item.body) for item in page.items]
            if not page.more or not page.items:
                break
            after = (page.items[-1].key.namespace, page.items[-1].key.name)
        for session in sorted(found, key=lambda s: s.last_used_at):
            self._keep(session)

    def close(self) -> None:
        """Stop following the store."""
        self._stop()

    def get(self, session_id: str) -> LoginSession | None:
        """A session that has not ended; the caller checks `expires_at`."""
        return self._all.get(session_id)

    def listed(self, user: tuple[str, str] | None = None) -> Iterator[LoginSession]:
        """The sessions of a provider's user, or all, those that were used last first."""
        ids = self._all if user is None else self._of_user.get(user, ())
        return (self._all[session_id] for session_id in reversed(ids))

    async def put(self, session: LoginSession, now: float, also: Sequence[Write] = ()) -> bool:
        """Store a new or changed session together with `also`; ends expired sessions and those beyond the limits.

        False if another process changed or ended the session meanwhile; then nothing is stored, and `get` returns its
        present state. If the store fails, a new session is kept in memory; for a stored one, raises StoreError.
        """
        before = self._all.get(session.id)
        self._keep(session)
        ended = [*self._expired(now), *self._too_many(session.user)]
        for session_id in ended:
            self._drop(session_id)
        try:
            stored_before = None if session.id in self._unstored else before
            outcome = await self._store.commit([_put(session, stored_before), *map(_delete, ended), *also])
        except StoreError as err:
            if before is None or session.id in self._unstored:
                self._keep_unstored(session, err)
                return True
            self._restore(session, before)
            raise
        self._unstored.pop(session.id, None)
        if isinstance(outcome, Refused):
            self._restore(session, None)
            await self._reread(session.id)
        return not isinstance(outcome, Refused)

    def _keep_unstored(self, session: LoginSession, err: StoreError) -> None:
        context = fields(username=session.username, error=str(err))
        log.warning(
            "a login is kept in memory only and not in the audit log, because the store is unavailable", extra=context
        )
        self._unstored[session.id] = None
        if len(self._unstored) > UNSTORED_MAX:
            self._drop(next(iter(self._unstored)))

    async def _reread(self, session_id: str) -> None:
        stored = await self._store.get(Key(SESSION_KIND, "", session_id))
        if stored is not None:
            self._keep(decode(LoginSession, stored.body))

    def _restore(self, session: LoginSession, before: LoginSession | None) -> None:
        """Undo a change that was not stored, so that the caller's refresh token remains valid."""
        if self._all.get(session.id) is session:
            self._drop(session.id)
            if before is not None:
                self._keep(before)

    async def end(self, *session_ids: str, also: Sequence[Write] = ()) -> None:
        """End sessions at once, and store `also` with that."""
        for session_id in session_ids:
            self._drop(session_id)
        await self._store.commit([*map(_delete, session_ids), *also])

    def ending_all_of(self, provider_id: str, username: str, but: str = "") -> list[Write]:
        """The writes that end all sessions of a provider's user, except for the one with the id `but`."""
        ids = self._of_user.get((provider_id, username), ())
        return [_delete(session_id) for session_id in ids if session_id != but]

    def ending_all_of_provider(self, provider_id: str) -> list[Write]:
        """The writes that end the sessions of all users of a provider."""
        return [_delete(one.id) for one in self._all.values() if one.provider_id == provider_id]

    def _expired(self, now: float) -> Iterator[str]:
        for index, (session_id, session) in enumerate(self._all.items()):
            if index >= EXPIRED_SWEPT_AT_ONCE_MAX or now < session.expires_at:
                return
            yield session_id

    def _too_many(self, user: tuple[str, str]) -> Iterator[str]:
        if len(self._of_user[user]) > SESSIONS_OF_A_USER_MAX:
            yield next(iter(self._of_user[user]))
        elif len(self._all) > SESSIONS_MAX:
            yield next(iter(self._all))

    def _keep(self, session: LoginSession) -> None:
        known = self._all.get(session.id)
        if known is not None and known.generation >= session.generation:
            return
        self._all[session.id] = session
        self._all.move_to_end(session.id)
        of_user = self._of_user.setdefault(session.user, OrderedDict())
        of_user[session.id] = None
        of_user.move_to_end(session.id)

    def _drop(self, session_id: str) -> None:
        self._unstored.pop(session_id, None)
        session = self._all.pop(session_id, None)
        if session is None:
            return
        of_user = self._of_user[session.user]
        of_user.pop(session_id, None)
        if not of_user:
            del self._of_user[session.user]

    def _follow(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if type(change.key) is not Key or change.key.kind != SESSION_KIND:
                continue
            if change.body is None:
                self._drop(change.key.name)
            else:
                self._keep(decode(LoginSession, change.body))


def _put(session: LoginSession, before: LoginSession | None) -> PutResource:
    body = encode(session)
    etag_before = None if before is None else etag(encode(before))
    return PutResource(Key(SESSION_KIND, "", session.id), body, etag(body), etag_before=etag_before)


def _delete(session_id: str) -> DeleteResource:
    return DeleteResource(Key(SESSION_KIND, "", session_id), Must.ANY)


def lifetime_s(sealed: str | None, usual_s: float) -> float:
    """How long a new session lasts unless it is refreshed; `sealed` is empty if its provider cannot check it."""
    return UNCHECKED_S if sealed == "" else usual_s


def changed(session: LoginSession, **changes: object) -> LoginSession:
    """The session with fields replaced and the next generation."""
    return msgspec.structs.replace(session, generation=session.generation + 1, **changes)
