"""The errors this package raises on purpose.

SensuError
├── InvalidResource      a resource, expression, template or setting breaks a rule; the text names field and rule
├── StoreError           the store is unavailable (the driver's error is the cause)
│   └── StoreInUse           another backend uses the store
├── TransportError       a peer on the agent protocol violated it or disconnected
├── ExecutionError       a command, asset or script could not be run
└── ConfigurationError   a flag, variable or file of a program is invalid; programs print it in one line and exit
    ├── ConfigurationFileError   the file that a program reads its settings from cannot be read
    └── AddressUnavailable   a program cannot listen on an address

Expected outcomes (not found, conflict, denied, retry) are return values, not exceptions.
"""

import os


class SensuError(Exception):
    """An error of this package; its text can be shown to users."""


class InvalidResource(SensuError):
    """A resource, expression, template or setting breaks a rule; the text names the field and the rule."""


class StoreError(SensuError):
    """The store is unavailable; the driver's error is the cause."""


class StoreInUse(StoreError):
    """Another backend uses the store."""


class TransportError(SensuError):
    """A peer on the agent protocol violated it or disconnected."""


class ExecutionError(SensuError):
    """A command, asset or script could not be run."""


class ConfigurationError(SensuError):
    """A flag, variable or file of a program is invalid."""


class ConfigurationFileError(ConfigurationError):
    """The file that a program reads its settings from cannot be read."""


class AddressUnavailable(ConfigurationError):
    """A program cannot listen on an address."""


def system_reason(error: BaseException) -> str:
    """The reason of an OSError in lower case; the system's own words for a number of the system.

    Errors of TLS and of name look-ups carry numbers of their own, which mean something else to the system.
    """
    number = getattr(error, "errno", None)
    if number and number > 0 and not hasattr(error, "library"):
        return os.strerror(number).lower()
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()
