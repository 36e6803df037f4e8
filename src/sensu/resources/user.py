"""Users: who may log in with a password."""

from sensu.resources.wire import Wire, always_bool


class User(Wire, frozen=True):
    """A user; the password comes in only, the hash is kept and never shown."""

    username: str = ""
    password: str = ""
    groups: tuple[str, ...] = ()
    disabled: bool = always_bool()
    password_hash: str = ""
