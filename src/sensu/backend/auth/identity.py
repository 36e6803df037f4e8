"""Authenticated callers, and the users behind them."""

from dataclasses import dataclass
from enum import Enum

import msgspec

from sensu.resources.user import User
from sensu.rules.rbac import EVERYBODY

ALL_USERS_GROUP = EVERYBODY
"""The group of all authenticated users; members may read their own user record and change their own password."""


BASIC = "basic"
"""The id of the provider whose users are the backend's own user records."""


OTHER_CLUSTERS = "federation"
"""The id of the provider of users of another cluster is this word, a slash and the UUID of that cluster."""


class Via(Enum):
    """How a caller authenticated."""

    BASIC = "user name and password"
    BEARER = "access token"
    API_KEY = "api key"
    CERTIFICATE = "client certificate"
    COOKIE = "session cookie"


class Principal(msgspec.Struct, frozen=True):
    """A user as a provider knows it; `user_id` is its id there, such as a distinguished name.

    `sealed` is what the provider needs to check the user later and only it can open; most providers need nothing.
    """

    username: str
    groups: tuple[str, ...]
    provider_id: str
    user_id: str
    sealed: str = ""


class Identity(msgspec.Struct, frozen=True):
    """An authenticated caller; `groups` are those that its provider names now, and `system:users`.

    `provider_id` is the provider that knows the user, `user_id` its id there (empty if it is the user name).
    `session_id` is the session of an access token or cookie, and empty for other credentials. `address` is the network
    address of the caller, if it is known. `forces` requests a change that would otherwise be refused as a precaution.
    `batch` identifies the bulk request that the request is part of.
    """

    username: str
    groups: tuple[str, ...]
    via: Via = Via.BEARER
    session_id: str = ""
    address: str = ""
    forces: bool = False
    batch: str = ""
    provider_id: str = BASIC
    user_id: str = ""

    @property
    def is_of_other_cluster(self) -> bool:
        """Whether another cluster of the federation has authenticated the caller."""
        return self.provider_id.startswith(f"{OTHER_CLUSTERS}/")


@dataclass(frozen=True, slots=True)
class Rejected:
    """The caller is not authenticated; `message` can be sent to the client.

    `reasons` say why, with the provider, for the audit log. `username` is the user's name if a provider knows the user.
    """

    message: str
    reasons: tuple[str, ...] = ()
    username: str = ""


NO_CREDENTIALS = Rejected("bad credentials")
"""There are no credentials, or none in a known form."""

WRONG_CREDENTIALS = Rejected("invalid credentials")
"""The credentials are wrong or no longer valid."""


def principal_of(user: User) -> Principal:
    """The user of a record of the backend."""
    return Principal(user.username, user.groups, BASIC, user.username)


def identity_of(principal: Principal, via: Via, session_id: str = "") -> Identity:
    """A user as a caller, who is in `system:users` too."""
    groups = principal.groups
    if ALL_USERS_GROUP not in groups:
        groups = (*groups, ALL_USERS_GROUP)
    return Identity(
        principal.username, groups, via, session_id, provider_id=principal.provider_id, user_id=principal.user_id
    )
