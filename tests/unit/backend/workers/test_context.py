"""What a worker inherits."""

import stat
from pathlib import Path

from sensu.backend.workers.context import Addresses


def test_only_the_owner_reaches_a_worker(tmp_path: Path) -> None:
    """The socket of a worker is for the user that runs it."""
    addresses = Addresses(tmp_path)
    with addresses.listener(0):
        assert stat.S_IMODE(Path(addresses.of(0)).stat().st_mode) == 0o600
    addresses.close(1)
