from typing import Any

import pytest

from sensu.backend.pipelined.steps.handlers.table import HANDLER_KINDS, TYPES, HandlerType, find_handler
from sensu.resources.handler import Handler, HandlerSocket, Notify
from sensu.resources.kinds import HANDLER, Kind
from sensu.rules.kinds.handler import RULES
from sensu.rules.kinds.pipeline import HANDLING
from sensu.rules.workflow import HandlerRef, core_handler
from sensu.testing.factories import make_metadata


class FakeRecords:
    """One handler of a name."""

    def get(self, kind: Kind, namespace: str, name: str) -> Any:
        return handler("pipe") if (kind, namespace, name) == (HANDLER, "default", "h") else None


def handler(kind: str) -> Handler:
    socket, notify = HandlerSocket(host="127.0.0.1", port=1), Notify(urls=("ntfy://ntfy.example.org/ops",))
    return Handler(metadata=make_metadata("h"), type=kind, command="true", socket=socket, notify=notify)


@pytest.mark.parametrize("row", [row for row in TYPES if row.kind is HANDLER])
def test_a_handler_of_each_type_in_the_table_is_valid(row: HandlerType) -> None:
    """The API accepts every type that the backend can deliver to."""
    assert RULES.problem(handler(row.type)) is None


def test_a_type_that_is_not_in_the_table_is_refused() -> None:
    """The API refuses a type that the backend cannot deliver to."""
    assert RULES.problem(handler("carrier-pigeon")) == "unknown handler type: carrier-pigeon"


def test_pipelines_may_refer_to_the_kinds_in_the_table_and_no_others() -> None:
    """A pipeline is valid exactly if the backend can deliver to the kinds of its handlers."""
    assert set(HANDLER_KINDS) == {f"{api_version}.{kind}" for api_version, kind in HANDLING}


def test_a_reference_to_another_kind_finds_no_handler_of_the_same_name() -> None:
    """A handler is found by its kind and name."""
    assert find_handler(FakeRecords(), "default", core_handler("h")) == handler("pipe")
    assert find_handler(FakeRecords(), "default", HandlerRef("pipeline/v1", "TCPStreamHandler", "h")) is None
