"""API keys: persistent secrets that stand for a user."""

from sensu.resources.metadata import ObjectMeta
from sensu.resources.wire import Wire, always
from sensu.resources.wire_numbers import I64


class APIKey(Wire, frozen=True):
    """A key, named by its secret UUID, and the user whose rights it carries; `created_at` in Unix seconds."""

    metadata: ObjectMeta = always(ObjectMeta)
    username: str = ""
    created_at: I64 = 0
