"""Users, their passwords and groups. Users are disabled, never deleted.

Source: docs, "Users API"; recorded scenarios users-lifecycle, users-invalid, users-passwords, users-self.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from sensu.backend.auth.identity import BASIC, Identity
from sensu.backend.auth.passwords import Passwords, hash_problem
from sensu.backend.auth.tokens import Tokens
from sensu.backend.services.outcomes import Deleted, Denied, Found, Invalid, NotFound, Refusal, Written
from sensu.backend.services.payload import Payload, decoded
from sensu.backend.services.resources import Resources
from sensu.backend.stored_form import key_of, put
from sensu.resources.kinds import USER
from sensu.resources.user import User
from sensu.resources.wire import Wire, decode
from sensu.rules.kinds.user import HASH_MISMATCH, password_problem
from sensu.store.values import Must, Stored, Write

SELF = "localselfuser"
"""The resource type of the caller's own user record in roles."""
_NO_PASSWORD = Invalid("a password or its hash is required")


class PasswordChange(Wire, frozen=True):
    """The current password, and the new one or its hash."""

    password: str = ""
    password_hash: str = ""
    password_new: str = ""


class Users:
    """Reads and changes users."""

    def __init__(self, resources: Resources, passwords: Passwords, tokens: Tokens) -> None:
        self._resources = resources
        self._passwords = passwords
        self._tokens = tokens

    async def get(self, caller: Identity, username: str) -> Found | Refusal:
        """A user, without password and hash. Every user may read its own record."""
        if not self._may(caller, "get", username, with_self=True):
            return Denied()
        stored = await self._resources.store.get(key_of(USER, "", username))
        return NotFound() if stored is None else Found(stored.public, stored.etag)

    async def create(self, caller: Identity, payload: Payload) -> Written | Refusal:
        """Create a user."""
        if not self._resources.access.allows(caller, "create", USER.segment):
            return Denied()
        return await self._put(caller, None, payload, Must.BE_ABSENT)

    async def replace(self, caller: Identity, username: str, payload: Payload) -> Written | Refusal:
        """Create or replace a user."""
        if not self._may(caller, "update", username):
            return Denied()
        return await self._put(caller, username, payload, Must.ANY)

    async def _put(self, caller: Identity, username: str | None, payload: Payload, must: Must) -> Written | Refusal:
        user = await decoded(User, payload)
        if isinstance(user, Invalid):
            return user
        if username is not None and user.username != username:
            return Invalid(f"the username ({user.username}) does not match the username on the request ({username})")
        validated = self._resources.validated(caller, USER, user)
        kept = validated if isinstance(validated, Invalid) else await self._with_hash(validated, caller.address)
        if isinstance(kept, Invalid):
            return kept
        ending: list[Write] = []
        if kept.disabled:
            ending = self._tokens.ending_sessions_of(kept.username)
        elif await self._has_other_password(kept):
            ending = self._tokens.ending_sessions_of(kept.username, but=_own_session(caller, kept.username))
        return await self._resources.write(caller, put(USER, kept, must=must), *ending)

    async def _has_other_password(self, user: User) -> bool:
        """Whether the stored user of that name has another password."""
        stored = await self._resources.store.get(key_of(USER, "", user.username))
        return stored is not None and decode(User, stored.body).password_hash != user.password_hash

    async def _with_hash(self, user: User, address: str) -> User | Invalid:
        """The user with its password replaced by a hash."""
        problem = hash_problem(user.password_hash)
        if problem is not None:
            return Invalid(problem)
        if not user.password:
            return user
        if not user.password_hash:
            hashed = await self._passwords.hash(user.password, address)
        elif await self._passwords.verify(user.username, user.password, user.password_hash, address):
            hashed = user.password_hash
        else:
            return Invalid(HASH_MISMATCH)
        return msgspec.structs.replace(user, password="", password_hash=hashed)

    async def disable(self, caller: Identity, username: str) -> Deleted | Refusal:
        """Disable a user and end its sessions; it keeps its groups."""
        if not self._may(caller, "delete", username):
            return Denied()
        ending = self._tokens.ending_sessions_of(username)
        outcome = await self._change(
            caller, username, lambda user: msgspec.structs.replace(user, disabled=True), ending
        )
        return Deleted() if isinstance(outcome, Written) else outcome

    async def reinstate(self, caller: Identity, username: str) -> Written | Refusal:
        """Enable a disabled user."""
        if not self._may(caller, "update", username):
            return Denied()
        return await self._change(caller, username, lambda user: msgspec.structs.replace(user, disabled=False))

    async def join(self, caller: Identity, username: str, group: str) -> Written | Refusal:
        """Add a user to a group."""
        if not self._may(caller, "update", username):
            return Denied()

        def joined(user: User) -> User:
            groups = user.groups if group in user.groups else (*user.groups, group)
            return msgspec.structs.replace(user, groups=groups)

        return await self._change(caller, username, joined)

    async def leave(self, caller: Identity, username: str, group: str | None) -> Deleted | Refusal:
        """Remove a user from a group, or from all groups (None)."""
        if not self._may(caller, "delete", username):
            return Denied()

        def left(user: User) -> User:
            groups = () if group is None else tuple(one for one in user.groups if one != group)
            return msgspec.structs.replace(user, groups=groups)

        outcome = await self._change(caller, username, left)
        return Deleted() if isinstance(outcome, Written) else outcome

    async def change_password(self, caller: Identity, username: str, payload: Payload) -> Written | Refusal:
        """Change a password, given in clear or as a hash, and end the user's other sessions.

        The current password is required. Users may change their own.
        """
        if caller.username == username and caller.provider_id != BASIC:
            return Invalid(f"the password of {username} is managed by {caller.provider_id}")
        if not self._may(caller, "update", username, with_self=True):
            return Denied()
        change = await decoded(PasswordChange, payload)
        if isinstance(change, Invalid):
            return change
        stored = await self._resources.store.get(key_of(USER, "", username))
        if stored is None:
            return NotFound(f"key {username} not found")
        problem = await self._problem_of_change(decode(User, stored.body), change, caller.address)
        return problem or await self._set_password(caller, username, change)

    async def _problem_of_change(self, user: User, change: PasswordChange, address: str) -> Invalid | None:
        if user.disabled:
            return Invalid(f"resource is invalid: user {user.username} is disabled")
        if not await self._passwords.verify(user.username, change.password, user.password_hash, address):
            return Invalid(f"resource is invalid: wrong password for user {user.username}")
        return _problem_of_new(change)

    async def reset_password(self, caller: Identity, username: str, payload: Payload) -> Written | Refusal:
        """Reset the password of a user, given in clear or as a hash, and end the user's sessions."""
        if not self._may(caller, "update", username):
            return Denied()
        change = await decoded(PasswordChange, payload)
        if isinstance(change, Invalid):
            return change
        return _problem_of_new(change) or await self._set_password(caller, username, change)

    async def _set_password(self, caller: Identity, username: str, change: PasswordChange) -> Written | Refusal:
        problem = None if change.password_new else hash_problem(change.password_hash)
        if problem is not None:
            return Invalid(problem)
        hashed = change.password_hash
        if change.password_new:
            hashed = await self._passwords.hash(change.password_new, caller.address)
        ending = self._tokens.ending_sessions_of(username, but=_own_session(caller, username))
        return await self._change(
            caller, username, lambda user: msgspec.structs.replace(user, password_hash=hashed), ending
        )

    def _may(self, caller: Identity, verb: str, username: str, *, with_self: bool = False) -> bool:
        allows = self._resources.access.allows
        if allows(caller, verb, USER.segment, name=username):
            return True
        is_self = caller.username == username and caller.provider_id == BASIC
        return with_self and is_self and allows(caller, verb, SELF, name=username)

    async def _change(
        self, caller: Identity, username: str, change: Callable[[User], User], ending: Sequence[Write] = ()
    ) -> Written | Refusal:
        """Change a user and end sessions."""

        def changed(stored: Stored) -> Any:
            return change(decode(User, stored.body))

        return await self._resources.amend(caller, USER, "", username, changed, beside=ending)


def _problem_of_new(change: PasswordChange) -> Invalid | None:
    """Why the new password is refused, or None; a hash is checked later."""
    if change.password_new:
        problem = password_problem(change.password_new)
        return Invalid(problem) if problem else None
    return None if change.password_hash else _NO_PASSWORD


def _own_session(caller: Identity, username: str) -> str:
    """The session of a caller who is that user; it goes on when others of the user end."""
    return caller.session_id if caller.username == username and caller.provider_id == BASIC else ""
