import sqlite3
from pathlib import Path

from sensu.store.sqlite.checkpoints import OUTGROWN, Checkpoints
from sensu.store.sqlite.connection import Durability, open_writer
from sensu.store.sqlite.damage import Damage

BOUND = 1_000_000


def test_a_log_that_outgrew_its_bound_makes_the_writer_help(tmp_path: Path) -> None:
    """Where copying beside the writer is too slow the writer begins the log anew: it has a bound on any machine."""
    path = tmp_path / "it.db"
    writer: sqlite3.Connection = open_writer(path, Durability.NORMAL, BOUND)
    checkpoints = Checkpoints(path, Durability.NORMAL, BOUND, Damage(path))
    try:
        checkpoints.logged(OUTGROWN * BOUND - 1)
        assert not checkpoints.restart_wanted
        checkpoints.logged(1)
        assert checkpoints.restart_wanted
        checkpoints.restart(writer)
        checkpoints.logged(1)
        assert not checkpoints.restart_wanted
    finally:
        checkpoints.close()
        writer.close()
