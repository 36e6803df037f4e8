"""The setting of Sensu Go's usage reports; this backend sends none."""

from sensu.resources.wire import Wire, always_bool


class TessenConfig(Wire, frozen=True):
    """Whether the user has opted out."""

    opt_out: bool = always_bool()
