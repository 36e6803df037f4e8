"""Namespaces: what keeps the resources of different teams apart."""

from sensu.resources.wire import Wire


class Namespace(Wire, frozen=True):
    """A namespace, which has a name and nothing else."""

    name: str = ""
