"""Silences: which events are not to disturb anybody, from when and until when."""

from sensu.resources.metadata import ObjectMeta
from sensu.resources.wire import Wire, always, always_bool, always_int


class Silenced(Wire, frozen=True):
    """A silence by subscription, check, or both; times in Unix seconds."""

    metadata: ObjectMeta = always(ObjectMeta)
    expire: int = always_int()
    expire_on_resolve: bool = always_bool()
    creator: str = ""
    check: str = ""
    reason: str = ""
    subscription: str = ""
    begin: int = always_int()
    expire_at: int = always_int()
