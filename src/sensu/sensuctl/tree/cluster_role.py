"""`sensuctl cluster-role …`."""

from sensu.resources.kinds import CLUSTER_ROLE
from sensu.sensuctl.tree.role import NAME, RULES, RoleNoun, role_commands

NOUN = RoleNoun(CLUSTER_ROLE, (NAME, RULES))
COMMANDS = role_commands("cluster-role", "a cluster role name is required", namespaced=False)
