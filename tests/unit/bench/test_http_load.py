"""The requests of the processes that simulate API clients; what they measure is not tested here."""

from itertools import islice

import pytest
from bench.generators import shares
from bench.http_load import merged, messages


@pytest.mark.parametrize(
    "kind", ["PUT event", "POST event", "PUT check", "PUT entity", "PUT published check", "GET check"]
)
def test_requests_have_the_length_that_they_announce(kind: str) -> None:
    """A server that reads a request by its Content-Length finds the next one where it begins, also in later turns."""
    for request in islice(messages(kind, "localhost", "token", "default", range(3, 5)), 200):
        head, _, body = request.partition(b"\r\n\r\n")
        assert head.startswith(kind.split()[0].encode() + b" /api/core/v2/namespaces/default/")
        assert head.endswith(b"\r\nContent-Length: %d" % len(body))


def test_a_check_is_put_with_another_content_each_time() -> None:
    """Stores skip writes that change nothing, so that measuring them would say nothing."""
    first, other, again = islice(messages("PUT check", "localhost", "token", "default", range(2)), 3)
    assert first.split(b" ")[1] == again.split(b" ")[1] != other.split(b" ")[1]
    assert first != again


@pytest.mark.parametrize(("whole", "parts"), [(16, 2), (1000, 3), (2, 4), (0, 2)])
def test_processes_share_the_work_evenly(whole: int, parts: int) -> None:
    """All of it is done, and none has more than one more than another."""
    found = shares(whole, parts)
    assert len(found) == parts
    assert sum(found) == whole
    assert max(found) - min(found) <= 1


def test_what_processes_measured_counts_as_one() -> None:
    """Requests are summed, times are compared among all of them, and the longest run is the time."""
    parts = [
        {"requests": 2, "refused": 0, "seconds": 1.0, "times_us": [1000, 3000]},
        {"requests": 1, "refused": 1, "seconds": 1.5, "times_us": [2000]},
    ]
    assert merged(parts) == {"requests": 3, "refused": 1, "seconds": 1.5, "p50_ms": 2.0, "p99_ms": pytest.approx(2.98)}
