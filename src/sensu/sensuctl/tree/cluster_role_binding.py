"""`sensuctl cluster-role-binding …`."""

from collections.abc import Sequence
from typing import Any

from sensu.resources.kinds import CLUSTER_ROLE_BINDING
from sensu.sensuctl.forms import get
from sensu.sensuctl.resource_commands import name_of
from sensu.sensuctl.tree.role_binding import (
    GRANTS_CLUSTER_ROLE,
    NAME,
    SUBJECTS,
    BindingNoun,
    binding_commands,
    subject_rows,
)


def details(binding: Any) -> Sequence[tuple[str, Any]]:
    """The rows of `cluster-role-binding info`."""
    return (
        ("Name", name_of(binding)),
        ("Cluster Role", str(get(binding, "role_ref.name"))),
        *subject_rows(binding),
    )


NOUN = BindingNoun(CLUSTER_ROLE_BINDING, (NAME, GRANTS_CLUSTER_ROLE, SUBJECTS), details)
COMMANDS = binding_commands("cluster-role-binding", "--cluster-role=NAME", namespaced=False)
