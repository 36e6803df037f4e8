"""`sensuctl fallback-pipeline …`."""

from typing import Any

from sensu.resources.kinds import FALLBACK_PIPELINE
from sensu.sensuctl.declare import deletion, info, listing
from sensu.sensuctl.forms import get
from sensu.sensuctl.resource_commands import Noun, joined, name_of
from sensu.sensuctl.table import Column


def _pipelines(fallback: Any) -> str:
    return joined([each.get("name", "") for each in get(fallback, "spec.pipelines") or ()], ", ")


NOUN = Noun(FALLBACK_PIPELINE, (Column("Name", name_of, key=True), Column("Pipelines", _pipelines)))
COMMANDS = (deletion("fallback-pipeline"), info("fallback-pipeline"), listing("fallback-pipeline"))
