"""Namespaces: what keeps the resources of different teams apart."""

from sensu.resources.wire import Wire


class Namespace(Wire, frozen=True):
    """A namespace.

    Fields of ours, not shown while unset: `history_retention`, how many seconds the results of its events are kept, and
    `history_bytes_max`, how much they take at most; the backend's own bounds hold besides.
    """

    name: str = ""
    history_retention: int = 0
    history_bytes_max: int = 0
