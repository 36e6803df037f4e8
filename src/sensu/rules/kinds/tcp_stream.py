"""The rules of TCP stream handlers.

Source: docs, "TCP stream handlers reference".
"""

from collections.abc import Iterator

from sensu.resources.tcp_stream import TCPStreamHandler
from sensu.rules.go_duration import parse_s
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules, at_most_one
from sensu.rules.kinds.stream_parts import common_problems, duration_problem
from sensu.rules.selectors.selectable import PLACE, Selectable, as_text, own
from sensu.rules.streams import host_and_port

RECONNECT_DELAY_MAX_S = 3600.0
FILES = ("tls_ca_cert_file", "tls_cert_file", "tls_key_file")


def problems(handler: TCPStreamHandler) -> Iterator[FieldProblem]:
    """The rules that a handler breaks."""
    yield from common_problems(handler, "TCP stream handler")
    if host_and_port(handler.address) is None:
        message = f'address must be HOST:PORT, for example logs.example.com:4242, not "{handler.address}"'
        yield FieldProblem("address", message)
    yield from _delay_problems(handler)
    for name in FILES:
        file: str = getattr(handler, name)
        if file and not file.startswith("/"):
            yield FieldProblem(name, f"{name} must be an absolute path on the backend's host")
    if bool(handler.tls_cert_file) != bool(handler.tls_key_file):
        missing = "tls_key_file" if handler.tls_cert_file else "tls_cert_file"
        yield FieldProblem(missing, f"{missing} must be set: a client certificate needs both files")


def _delay_problems(handler: TCPStreamHandler) -> Iterator[FieldProblem]:
    found = False
    for name, example in (("min_reconnect_delay", "10ms"), ("max_reconnect_delay", "10s")):
        why = duration_problem(name, getattr(handler, name), RECONNECT_DELAY_MAX_S, example)
        found = found or why is not None
        yield from at_most_one(name, why)
    if not found and parse_s(handler.max_reconnect_delay) < parse_s(handler.min_reconnect_delay):
        message = "max_reconnect_delay must not be shorter than min_reconnect_delay"
        yield FieldProblem("max_reconnect_delay", message)


RULES = KindRules(
    problems=problems,
    selectable=Selectable("tcp_stream_handler", {**PLACE, **own(as_text, "address")}),
    keeps_namespace=True,
)
