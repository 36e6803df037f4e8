"""API keys: persistent secrets that authenticate a user."""

from sensu.resources.metadata import ObjectMeta
from sensu.resources.wire import Wire, always
from sensu.resources.wire_numbers import I64


class APIKey(Wire, frozen=True):
    """A key, whose name is its secret UUID, and the user that it authenticates; `created_at` is in Unix seconds."""

    metadata: ObjectMeta = always(ObjectMeta)
    username: str = ""
    created_at: I64 = 0
