"""What `sensu-backend doctor` learns of a database without changing it."""

from typing import NamedTuple


class DatabaseSurvey(NamedTuple):
    """A database as it is.

    `version` is that of its schema, `known` the newest that this program knows. `damage` is what a check found, `ok` if
    nothing, empty if it did not end in time. `log_bytes` is the size of the write-ahead log. `admin_hash` is the hash
    of the password of the user `admin`, empty without one.
    """

    version: int
    known: int
    damage: str = "ok"
    size_bytes: int = 0
    log_bytes: int = 0
    users: int = 0
    admin_hash: str = ""
    owed: int = 0
    dead: int = 0
