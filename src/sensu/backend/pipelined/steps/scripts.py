"""The processes that evaluate users' JavaScript, in a pool for each purpose so that none delays another."""

from sensu.execution.javascript_pool import JavaScriptPool

FILTER_PROCESSES, MUTATOR_PROCESSES, DRY_RUN_PROCESSES = 2, 4, 1
"""The largest number of processes; each starts when it is first needed and ends after a while without work."""
DRY_RUN_NICENESS = 10
"""Dry runs have a lower priority than deliveries."""


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
