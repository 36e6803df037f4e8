"""Whether a user is valid.

Source: recorded scenario users-invalid.
"""

from sensu.resources.user import User
from sensu.rules.names import strict_name_problem

PASSWORD_LENGTH_MIN = 8
HASH_MISMATCH = "hashed password does not the match the cleartext password, only one of those should be provided"
"""What to say where a client sends a password and the hash of another one (the wording is the wire's)."""


def problem(user: User) -> str | None:
    """The first rule that a user, as a client sends it, breaks; whether hash and password match is not looked at."""
    why = strict_name_problem(user.username)
    if why is not None:
        return f"username {why}"
    if not user.password and not user.password_hash:
        return "a password or its hash is required"
    return password_problem(user.password) if user.password else None


def password_problem(password: str) -> str | None:
    """Why a new password will not do, or None."""
    if len(password) < PASSWORD_LENGTH_MIN:
        return f"password length must be at least {PASSWORD_LENGTH_MIN} characters"
    return None
