"""The configuration of the web UI that counts."""

from sensu.backend.auth.records import Records
from sensu.resources.global_config import GlobalConfig
from sensu.resources.kinds import GLOBAL_CONFIG


def web_settings(records: Records) -> GlobalConfig:
    """The web UI's configuration; of several, the first by name."""
    found = records.list(GLOBAL_CONFIG, None)
    return found[0] if found else GlobalConfig()
