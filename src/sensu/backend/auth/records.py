"""The part of the resource cache that authentication uses."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from sensu.resources.kinds import USER, Kind
from sensu.resources.user import User


class Records(Protocol):
    """Committed resources held in memory (the store's resource cache)."""

    def get(self, kind: Kind, namespace: str, name: str) -> Any | None:
        """The decoded resource, or None."""
        ...

    def list(self, kind: Kind, namespace: str | None) -> Sequence[Any]:
        """The decoded resources of a kind sorted by name, of one namespace or of all (None)."""
        ...

    def subscribe(self, kind: Kind, callback: Callable[..., None]) -> Any:
        """Call `callback` with the changes whenever resources of the kind change."""
        ...


def enabled_user(records: Records, username: str) -> User | None:
    """The user record of a name, None if it does not exist or is disabled."""
    user: User | None = records.get(USER, "", username)
    return None if user is None or user.disabled else user
