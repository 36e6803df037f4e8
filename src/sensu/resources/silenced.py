"""Silences, which suppress the handling of events for a time."""

from sensu.resources.metadata import ObjectMeta
from sensu.resources.wire import Wire, always, always_bool, always_int
from sensu.resources.wire_numbers import I64


class Silenced(Wire, frozen=True):
    """A silence by subscription, check, or both; times in Unix seconds."""

    metadata: ObjectMeta = always(ObjectMeta)
    expire: I64 = always_int()
    expire_on_resolve: bool = always_bool()
    creator: str = ""
    check: str = ""
    reason: str = ""
    subscription: str = ""
    begin: I64 = always_int()
    expire_at: I64 = always_int()
