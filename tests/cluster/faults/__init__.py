"""A cluster of real processes under faults, checked like a simulated one: `make cluster-faults`."""
