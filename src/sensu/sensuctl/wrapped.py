"""Resources in files, as commands read and send them.

Source: recorded sensuctl sessions create-files, create-errors.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sensu.errors import InvalidResource
from sensu.files.documents import Document, DocumentProblem, read_documents
from sensu.resources import envelope
from sensu.resources.kind import CORE_V2, is_open
from sensu.resources.kinds import EVENT
from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.paths import resource_path

MANAGED_BY_LABEL = "sensu.io/managed_by"
PROBLEMS_SHOWN_MAX = 10
COUNTED_MAX = 10
"""The maximum number of resources in a file whose messages give only a number."""
ABSENT_REMARK = " (not a type of this product; it may be one of Sensu Go's commercial edition)"


def path_of(document: Document, default_namespace: str) -> str:
    """The URL path of the resource."""
    namespace = document.namespace_in(default_namespace)
    return resource_path(document.kind, namespace, *(name for name in document.names() if name))


def parse_documents(context: Context, text: str, source: str = "", *, located: bool = False) -> list[Document]:
    """The resources of a file; prints problems on standard error and raises CommandFailed if a resource is invalid.

    Messages number the resources of a file; with `located`, and for long files, they also name file and line.
    """
    where = f"in {source}: " if source else ""
    found: list[Document] = []
    problems: list[DocumentProblem] = []
    try:
        for item in read_documents(text):
            if isinstance(item, Document):
                found.append(replace(item, source=source))
            else:
                problems.append(item)
    except InvalidResource as err:
        raise CommandFailed(f"{where}{err}") from err
    located = located or len(found) + len(problems) > COUNTED_MAX
    for problem in problems[:PROBLEMS_SHOWN_MAX]:
        place = f" ({source}, line {problem.line})" if located else ""
        absent = ABSENT_REMARK if context.for_people and _may_be_commercial(problem) else ""
        context.say(f"resource {problem.index}{place}: {problem.text}{absent}")
    if any(not problem.warning for problem in problems):
        raise CommandFailed(f"{where}some resources couldn't be parsed")
    return found


def _may_be_commercial(problem: DocumentProblem) -> bool:
    """Whether an unknown type is of an API group other than core; Sensu Go has those in its commercial edition."""
    return problem.text.startswith("error parsing spec") and not is_open(problem.api_version or CORE_V2)


def body_to_put(document: Document, default_namespace: str, *, managed: bool) -> dict[str, Any]:
    """The body to send, with its namespace and, if `managed`, the label of sensuctl.

    The APIs of some kinds take it in its envelope.
    """
    metadata = document.body.get("metadata")
    body = document.body
    if metadata is not None:
        placed = dict(metadata)
        if managed:
            placed["labels"] = _managed(metadata.get("labels"))
        namespace = document.namespace_in(default_namespace)
        if namespace and (managed or document.kind is not EVENT):  # a dump shows events without one
            placed["namespace"] = namespace
        body = {**body, "metadata": placed}
    return envelope.wrapped(document.kind, body) if document.kind.wrapped else body


def _managed(labels: Mapping[str, str] | None) -> dict[str, str]:
    labelled = dict(labels or {})
    if labelled.get(MANAGED_BY_LABEL) != "sensu-agent":
        labelled[MANAGED_BY_LABEL] = "sensuctl"
    return labelled
