"""Every command of sensuctl by its first word."""

from sensu.sensuctl.command import Command, Group
from sensu.sensuctl.tree_access import ACCESS
from sensu.sensuctl.tree_deliveries import DELIVERY
from sensu.sensuctl.tree_general import GENERAL
from sensu.sensuctl.tree_monitoring import MONITORING
from sensu.sensuctl.tree_pipeline import PIPELINES

_ALL = (*GENERAL, *ACCESS, *MONITORING, *PIPELINES, DELIVERY)
TREE: dict[str, Command | Group] = {entry.name: entry for entry in _ALL}
"""What they are called, take and need; their code is imported only when one runs."""
