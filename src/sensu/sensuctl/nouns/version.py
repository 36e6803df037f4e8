"""`sensuctl version`."""

import platform

from sensu.sensuctl.command import Context
from sensu.version import VERSION


def show_version(context: Context) -> None:
    """`sensuctl version`."""
    context.print(version_line())


def version_line() -> str:
    """The version in one line."""
    return f"sensuctl version {VERSION}, Sensu in Python, running on Python {platform.python_version()}"
