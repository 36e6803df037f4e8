"""Namespaces, which separate the resources of different teams."""

from sensu.resources.wire import Wire


class Namespace(Wire, frozen=True):
    """A namespace.

    Fields that Sensu Go does not have, not shown while unset: `history_retention`, the number of seconds for which the
    results of its events are kept, and `history_bytes_max`, their maximum size. The backend's own limits apply too.
    """

    name: str = ""
    history_retention: int = 0
    history_bytes_max: int = 0
