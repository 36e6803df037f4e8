"""Who is asking, as far as it is proved."""

from dataclasses import dataclass
from enum import Enum

import msgspec

from sensu.resources.user import User

ALL_USERS_GROUP = "system:users"
"""The group of everyone who is somebody; it may read and change its own user record."""


class Via(Enum):
    """How a caller proved who it is."""

    BASIC = "user name and password"
    BEARER = "access token"
    API_KEY = "api key"
    CERTIFICATE = "client certificate"


class Identity(msgspec.Struct, frozen=True):
    """A caller; `groups` are those of its user record now, and `system:users`.

    `session_id` names the session of an access token, and is empty for other proofs. `address` is where it asks from,
    as far as that is known. `forces` asks for a change that would be refused as a precaution.
    """

    username: str
    groups: tuple[str, ...]
    via: Via = Via.BEARER
    session_id: str = ""
    address: str = ""
    forces: bool = False


@dataclass(frozen=True, slots=True)
class Rejected:
    """Nobody we know; `message` is fit for the client."""

    message: str


NO_CREDENTIALS = Rejected("bad credentials")
"""No proof was offered, or none of a form that is understood."""

WRONG_CREDENTIALS = Rejected("invalid credentials")
"""A proof was offered, and it proves nothing (any more)."""


def identity_of(user: User, via: Via, session_id: str = "") -> Identity:
    """The caller that a user record stands for."""
    groups = user.groups if ALL_USERS_GROUP in user.groups else (*user.groups, ALL_USERS_GROUP)
    return Identity(user.username, groups, via, session_id)
