"""The provider `basic`: the user records of the backend and their passwords."""

from sensu.backend.auth.identity import BASIC, WRONG_CREDENTIALS, Principal, Rejected, principal_of
from sensu.backend.auth.passwords import BCRYPT_COST, BCRYPT_COST_SET_MAX, Passwords, cost_of
from sensu.backend.auth.providers import PasswordLogin
from sensu.backend.auth.records import Records, enabled_user
from sensu.backend.auth.sessions import LoginSession
from sensu.resources.kinds import USER


class BasicProvider:
    """Authenticates users by their records. Groups follow the record at once, for existing sessions too."""

    id = BASIC

    def __init__(self, records: Records, passwords: Passwords) -> None:
        self._records = records
        self._passwords = passwords
        self._refusal_cost: int | None = None
        records.subscribe(USER, self._users_changed)

    def decides(self, username: str) -> bool:
        """Whether there is an enabled user of that name: its password is then sent to no other provider."""
        return enabled_user(self._records, username) is not None

    def addressed_by(self, username: str) -> bool:
        """No: the names of users of records have no prefix."""
        return False

    async def log_in(self, login: PasswordLogin) -> Principal | Rejected:
        """The user, if the password is correct and the user is enabled; raises TooManyAttempts.

        All refusals take the same time: a disabled user is treated as one that does not exist.
        """
        user = enabled_user(self._records, login.username)
        password_hash = user.password_hash if user is not None else None
        right = await self._passwords.verify(
            login.username, login.password, password_hash, login.address, self._cost_of_refusals
        )
        return principal_of(user) if right and user is not None else WRONG_CREDENTIALS

    def current(self, session: LoginSession) -> Principal | None:
        """The user of a session with its present groups, None if its record is gone or disabled."""
        user = enabled_user(self._records, session.username)
        return None if user is None else principal_of(user)

    async def check(self, session: LoginSession) -> Principal | None:
        """The same: records are always current."""
        return self.current(session)

    def _cost_of_refusals(self) -> int:
        """The highest cost among the hashes of users, up to the highest that can be set: no refusal is quicker."""
        if self._refusal_cost is None:
            costs = (cost_of(user.password_hash) or 0 for user in self._records.list(USER, None))
            self._refusal_cost = max((cost for cost in costs if cost <= BCRYPT_COST_SET_MAX), default=0)
        return max(self._refusal_cost, BCRYPT_COST)

    def _users_changed(self, *_: object) -> None:
        self._refusal_cost = None
