"""The environment variables of commands for assets."""

import re

_NOT_ALPHANUMERIC = re.compile(r"[^a-zA-Z0-9]+")


def path_variable(asset: str) -> str:
    """The name of the variable that contains the path of an asset: `ACME_PROBE_DISK_PATH` for `acme/probe--disk`.

    Source: docs, "Assets reference", environment variables for asset paths; reference, util/environment.
    """
    return f"{_NOT_ALPHANUMERIC.sub('_', asset).upper()}_PATH"
