"""The processes that evaluate users' JavaScript for pipelined, apart by purpose so that none waits for another."""

from sensu.execution.javascript_pool import JavaScriptPool

FILTER_PROCESSES, MUTATOR_PROCESSES, DRY_RUN_PROCESSES = 2, 4, 1
"""How many processes there are at most; each starts when it is needed, and ends when it was idle for a while."""
DRY_RUN_NICENESS = 10
"""Dry runs leave the processor to deliveries."""


class Scripts:
    """Pools for filters, mutators and dry runs."""

    def __init__(self) -> None:
        self.filters = JavaScriptPool(FILTER_PROCESSES)
        self.mutators = JavaScriptPool(MUTATOR_PROCESSES)
        self.dry_runs = JavaScriptPool(DRY_RUN_PROCESSES, niceness=DRY_RUN_NICENESS)

    def close(self) -> None:
        """End all processes."""
        for pool in (self.filters, self.mutators, self.dry_runs):
            pool.close()
