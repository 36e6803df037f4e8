"""Where Sensu Go stores events.

Source: docs, "Datastore API", "Scale Sensu Go with Enterprise datastore" (PostgreSQL reference).
"""

from sensu.resources.metadata import ObjectMeta
from sensu.resources.wire import Wire, always, always_bool, always_int, always_str
from sensu.resources.wire_numbers import I64


class PostgresConfig(Wire, frozen=True):
    """A PostgreSQL database for events.

    It is stored for clients of Sensu Go and has no effect: the option `--store` chooses the store of a backend.
    """

    metadata: ObjectMeta = always(ObjectMeta)
    batch_buffer: I64 = always_int()
    batch_size: I64 = always_int()
    batch_workers: I64 = always_int()
    dsn: str = always_str()
    max_conn_lifetime: str = always_str()
    max_idle_conns: I64 = always_int()
    pool_size: I64 = always_int()
    strict: bool = always_bool()
    enable_round_robin: bool = always_bool()
