"""The rules of users.

Source: recorded scenario users-invalid.
"""

from collections.abc import Iterator

import msgspec

from sensu.resources.user import User
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules, at_most_one
from sensu.rules.names import strict_name_problem
from sensu.rules.selectors.selectable import Selectable, as_flag, as_list, as_text, own

PASSWORD_LENGTH_MIN = 8
HASH_MISMATCH = "hashed password does not the match the cleartext password, only one of those should be provided"
"""The message for a password and the hash of another one (as recorded)."""


def problems(user: User) -> Iterator[FieldProblem]:
    """The rules that a user from a client breaks. Whether hash and password match is not checked."""
    why = strict_name_problem(user.username)
    if why is not None:
        yield FieldProblem("username", f"username {why}")
    if not user.password and not user.password_hash:
        yield FieldProblem("password", "a password or its hash is required")
    if user.password:
        yield from at_most_one("password", password_problem(user.password))


def password_problem(password: str) -> str | None:
    """Why a new password is refused, or None."""
    if len(password) < PASSWORD_LENGTH_MIN:
        return f"password length must be at least {PASSWORD_LENGTH_MIN} characters"
    return None


def _without_password(user: User) -> User:
    """Source: recorded scenario users-lifecycle."""
    return msgspec.structs.replace(user, password="", password_hash="")


RULES = KindRules(
    problems=problems,
    shown=_without_password,
    selectable=Selectable(
        "user", {**own(as_text, "username"), **own(as_flag, "disabled"), **own(as_list, "groups")}, ()
    ),
    bare_wording=True,
)
