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


def test_a_restart_that_something_was_in_the_way_of_is_tried_again_soon(tmp_path: Path) -> None:
    """A reader that holds the log costs a quarter of the bound until the next attempt, not another whole log."""
    path = tmp_path / "it.db"
    writer: sqlite3.Connection = open_writer(path, Durability.NORMAL, BOUND)
    writer.execute("PRAGMA busy_timeout = 1")
    writer.execute("CREATE TABLE t (x)")
    reader = sqlite3.connect(path, isolation_level=None)
    checkpoints = Checkpoints(path, Durability.NORMAL, BOUND, Damage(path))
    try:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM t").fetchall()
        writer.execute("INSERT INTO t VALUES (1)")
        checkpoints.restart(writer)
        checkpoints.logged(BOUND // 4)
        assert checkpoints.restart_wanted
    finally:
        checkpoints.close()
        reader.close()
        writer.close()
