import pytest

from sensu.backend.pipelined.steps.handlers.table import TYPES
from sensu.resources.handler import Handler, HandlerSocket
from sensu.rules.validity.handler import problem
from sensu.testing.factories import make_metadata


def handler(kind: str) -> Handler:
    socket = HandlerSocket(host="127.0.0.1", port=1)
    return Handler(metadata=make_metadata("h"), type=kind, command="true", socket=socket)


@pytest.mark.parametrize("kind", TYPES)
def test_a_handler_of_each_type_in_the_table_is_valid(kind: str) -> None:
    """The API accepts every type that the backend can deliver to."""
    assert problem(handler(kind)) is None


def test_a_type_that_is_not_in_the_table_is_refused() -> None:
    """The API refuses a type that the backend cannot deliver to."""
    assert problem(handler("carrier-pigeon")) == "unknown handler type: carrier-pigeon"
