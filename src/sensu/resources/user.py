"""Users, who log in with a password."""

from sensu.resources.wire import Wire, always_bool


class User(Wire, frozen=True):
    """A user. The password is only accepted, never stored; the hash is stored and never returned."""

    username: str = ""
    password: str = ""
    groups: tuple[str, ...] = ()
    disabled: bool = always_bool()
    password_hash: str = ""
