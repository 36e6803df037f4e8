"""The phone-home setting of the reference; nothing is ever sent from here."""

from sensu.resources.wire import Wire, always_bool


class TessenConfig(Wire, frozen=True):
    """Whether the user has opted out."""

    opt_out: bool = always_bool()
