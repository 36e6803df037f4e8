"""The process that evaluates users' JavaScript: it has an engine and a socket to its parent, and nothing else.

Descriptor 0 is the socket. Descriptor 1 is a pipe to which each finished evaluation writes one byte, so that the parent
knows which evaluation is running when a time limit passes. Messages are JSON, preceded by their length. The parent
kills the process when a limit passes; if the parent has ended, the kernel does so with a signal (SIGIO of the socket,
SIGALRM in any case).
"""

import fcntl
import json
import os
import resource
import select
import signal
import struct
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from sensu.clock import SystemClock
from sensu.execution.javascript import MutatorOutput, Sandbox
from sensu.execution.script_syntax import syntax_problem
from sensu.rules.filters import ExpressionError
from sensu.rules.other_events import Wanted

ADDRESS_SPACE_BYTES_MAX = 768 * 1024 * 1024
"""Above the engine's own limits, which end an evaluation with an error."""
ENGINE_SHARE = 0.7
"""The part of a time limit after which the engine ends an evaluation, which is cheaper than a new process."""
ALARM_FACTOR, ALARM_EXTRA_S = 20.0, 2.0
"""How long after the parent's time limit the kernel's alarm fires."""
OUTPUT_SHOWN_CHARACTERS = 4096
"""How much of the output of a check rule templates see."""

SOCKET, PROGRESS = 0, 1
LENGTH = struct.Struct("!I")
ERROR = b"E"
_BYTES: dict[Any, bytes] = {True: b"1", False: b"0"}

_CLOCK = SystemClock()


def serve() -> None:
    """Answer the parent's batches of jobs until it closes the socket."""
    os.nice(int(os.environ.pop("SENSU_NICE", "0")))
    sandbox = Sandbox()
    hang_up = _signal_hang_up()
    _confine()
    _send(b"[]")
    while (batch := _received()) is not None:
        signal.signal(signal.SIGIO, signal.SIG_DFL)
        if _abandoned(hang_up):
            return
        answers = json.dumps([_answer(sandbox, job) for job in json.loads(batch)]).encode()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGIO, signal.SIG_IGN)
        _send(answers)


def _send(answers: bytes) -> None:
    left = memoryview(LENGTH.pack(len(answers)) + answers)
    while left:
        left = left[os.write(SOCKET, left) :]


def _signal_hang_up() -> select.poll:
    """Make the kernel signal activity on the socket; during a batch that can only be the end of the parent."""
    signal.signal(signal.SIGIO, signal.SIG_IGN)
    fcntl.fcntl(SOCKET, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(SOCKET, fcntl.F_SETFL, fcntl.fcntl(SOCKET, fcntl.F_GETFL) | os.O_ASYNC)
    hang_up = select.poll()
    hang_up.register(SOCKET, 0)
    return hang_up


def _abandoned(hang_up: select.poll) -> bool:
    """Whether the parent has already ended, in which case no signal will come."""
    return any(event & select.POLLHUP for _, event in hang_up.poll(0))


def _confine() -> None:
    """Drop the ability to open files, to write files, and to use unlimited memory."""
    for what, most in (
        (resource.RLIMIT_AS, ADDRESS_SPACE_BYTES_MAX),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 3),
    ):
        _, hard = resource.getrlimit(what)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))


def _received() -> bytes | None:
    head = _exactly(LENGTH.size)
    return None if head is None else _exactly(LENGTH.unpack(head)[0])


def _exactly(count: int) -> bytes | None:
    got = bytearray()
    while len(got) < count:
        part = os.read(SOCKET, count - len(got))
        if not part:
            return None
        got += part
    return bytes(got)


def _answer(sandbox: Sandbox, job: Sequence[Any]) -> Any:
    """The result of a job, and the seconds of processor time that it took."""
    kind, limit_s, *words = job
    signal.setitimer(signal.ITIMER_REAL, limit_s * ALARM_FACTOR + ALARM_EXTRA_S)
    started_s = _processor_time_s()
    answer = _KINDS[kind](sandbox, limit_s * ENGINE_SHARE, *words)
    return [answer, _processor_time_s() - started_s]


def _processor_time_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _evaluated(
    sandbox: Sandbox,
    limit_s: float,
    now: float,
    variable: str,
    sources: Sequence[str],
    scopes: Sequence[str],
    cases: Sequence[tuple[str, int]],
    others: str,
) -> list[bool | str | list[str] | None]:
    """For each expression and its scope: true, false, an error message, or None if it was not evaluated.

    A list contains the keys of other events that an expression needs. All expressions share the time limit.
    """
    until, values = _CLOCK.monotonic() + limit_s, list[bool | str | list[str] | None]()
    for expression, place in cases:
        left_s = until - _CLOCK.monotonic()
        if left_s <= 0:
            values.append(None)
        else:
            value = sandbox.evaluate(
                expression,
                scopes[place],
                now=now,
                variable=variable,
                sources=sources,
                others=others,
                time_limit_s=left_s,
            )
            values.append(_plain(value))
        _note(ERROR if isinstance(values[-1], list) else _BYTES.get(values[-1], ERROR))
    return values


def _plain(value: bool | ExpressionError) -> bool | str | list[str]:
    if isinstance(value, Wanted):
        return list(value.keys)
    return value.message if isinstance(value, ExpressionError) else value


def _mutated(
    sandbox: Sandbox,
    limit_s: float,
    now: float,
    body: str,
    event: str,
    env_vars: dict[str, str],
    sources: Sequence[str],
) -> Any:
    """The string and the event of a mutator, or an error message."""
    made = sandbox.mutate(body, json.loads(event), now=now, env_vars=env_vars, sources=sources, time_limit_s=limit_s)
    _note(ERROR)
    return [made.text, made.event] if isinstance(made, MutatorOutput) else made.message


def _judged(
    sandbox: Sandbox, limit_s: float, now: float, body: str, events: Sequence[str], event: str, arguments: str
) -> Any:
    """The event of a rule template, or an error message."""
    with_system = "system" in body
    shown = b",".join([_for_template(one, with_system=with_system) for one in events]).decode()
    made = sandbox.judge(body, f"[{shown}]", event, arguments, now=now, time_limit_s=limit_s)
    _note(ERROR)
    return made.message if isinstance(made, ExpressionError) else made


def _for_template(text: str, *, with_system: bool) -> bytes:
    """The JSON of an event as scripts see it.

    It has no history, only a part of a long output, and `entity.system` only if the script names it. Otherwise ten
    thousand events would not fit into the engine's memory.
    """
    event: dict[str, Any] = msgspec.json.decode(text)
    check, entity = event.get("check"), event.get("entity")
    if check is not None:
        check.pop("history", None)
        check["output"] = (check.get("output") or "")[:OUTPUT_SHOWN_CHARACTERS]
    if entity is not None and not with_system:
        entity.pop("system", None)
    return msgspec.json.encode(event)


def _checked(
    sandbox: Sandbox,
    limit_s: float,
    expressions: Sequence[str],
    body: str,
    functions: Sequence[str] | None,
    alone: bool,
) -> str | None:
    """The syntax errors of expressions and of a mutator's body."""
    problem = syntax_problem(expressions, body, functions, alone=alone)
    _note(ERROR)
    return problem


_KINDS: dict[str, Callable[..., Any]] = {
    "evaluate": _evaluated,
    "mutate": _mutated,
    "judge": _judged,
    "check": _checked,
}


def _note(outcome: bytes) -> None:
    """Write a byte for the parent."""
    os.write(PROGRESS, outcome)
