"""The environment of commands of handlers and mutators: the backend's, without the backend's own secrets.

Commands run as the backend's user, so this is no isolation: it keeps credentials out of environments that commands
print, log and pass on. Variables that secrets are read from (provider `env`) are part of the environment by design.
"""

import os
import re
from collections.abc import Mapping

_OWN = re.compile(r"SENSU_BACKEND_(CLUSTER_ADMIN_.*|.*(PASSWORD|PASSPHRASE|SECRET|TOKEN|API_KEY|PRIVATE_KEY|DSN).*)")
_SERVICE_MANAGER = ("NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC")


def is_own(variable: str) -> bool:
    """Whether a variable is only for the backend."""
    return variable in _SERVICE_MANAGER or _OWN.fullmatch(variable.upper()) is not None


def command_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables that commands inherit."""
    return {name: value for name, value in environment.items() if not is_own(name)}
