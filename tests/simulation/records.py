"""What happened in a run with faults: each operation as the side that made it saw it, and the state at the end.

The invariants (`invariants.py`) are functions of a `Run` alone, so that a run of real processes can be checked like a
simulated one. All times are seconds of one clock; results are identified by their output (`mark`), which is unique.
"""

from collections.abc import Mapping
from enum import Enum

import msgspec

Pair = tuple[str, str]
"""An entity and a check."""


class Answer(Enum):
    """What the side that made an operation knows of it: done, refused for good, or neither."""

    OK = "ok"
    NO = "no"
    PERHAPS = "perhaps"


class Record(msgspec.Struct, frozen=True):
    """The base of all records."""


class Report(Record, frozen=True):
    """A result that was sent, first in `session` (0: over the API), as the number `sequence` of its agent.

    `times` is how often it was sent, because an answer did not arrive.
    """

    mark: str
    entity: str
    check: str
    agent: str
    session: int
    sequence: int
    executed: int
    status: int
    answer: Answer
    handlers: tuple[str, ...] = ()
    issued: int = 0
    times: int = 1

    @property
    def pair(self) -> Pair:
        """The entity and the check."""
        return self.entity, self.check


class Kept(Record, frozen=True):
    """The event of an entity and a check at the end, and the results in its history (`marks`, oldest first)."""

    entity: str
    check: str
    marks: tuple[str, ...]
    status: int
    state: str
    occurrences: int
    watermark: int
    history: tuple[tuple[int, int], ...]
    """The history in the event itself: status and time of execution."""

    @property
    def pair(self) -> Pair:
        """The entity and the check."""
        return self.entity, self.check


class Attempt(Record, frozen=True):
    """A handler received a result, from a seat, with a delivery id; `end` is None if it was never heard of again."""

    mark: str
    handler: str
    delivery: str
    seat: int
    begin: float
    end: float | None
    well: bool = True


class Pending(Record, frozen=True):
    """A delivery that is pending at the end, or dead."""

    mark: str
    handler: str
    delivery: str
    dead: bool = False


class Request(Record, frozen=True):
    """A check request that reached an agent, and when it was sent by the clock that the check is scheduled by."""

    check: str
    issued: int
    agent: str
    sent_at: float


class LedgerSlot(Record, frozen=True):
    """What the run ledger says of a slot."""

    check: str
    at: float
    outcome: str
    why: str = ""


class Timetable(Record, frozen=True):
    """The times at which a check was due until shortly before the end of the run, and the next one (`until`)."""

    check: str
    times: tuple[float, ...]
    until: float
    round_robin: bool = False


class Operation(Record, frozen=True):
    """A write or read of a resource; None stands for its absence. A write that was refused changed nothing."""

    key: str
    writes: bool
    value: str | None
    begin: float
    end: float
    answer: Answer = Answer.OK


class Use(Record, frozen=True):
    """A request with a credential; `allowed` is false if it was answered with 401 or 503."""

    credential: str
    begin: float
    allowed: bool


class Revocation(Record, frozen=True):
    """A credential ended (log-out, disabled user): answered with success at `end`."""

    credential: str
    end: float


class Written(Record, frozen=True):
    """A seat wrote something of a slot, at a place in the order of all commits."""

    place: int
    slot: int
    seat: int


class Term(Record, frozen=True):
    """A seat owned a slot, from one place in the order of all commits to another (None: until the end)."""

    slot: int
    seat: int
    begin: int
    end: int | None = None


class AgentLife(Record, frozen=True):
    """An agent that sends keepalives: the longest pause between two, or when it stopped for good."""

    agent: str
    timeout_s: float
    longest_pause_s: float
    stopped_at: float | None = None


class Alarm(Record, frozen=True):
    """An event says that the keepalives of an agent are missing; its handlers are told."""

    agent: str
    at: float


class MemberLeft(Record, frozen=True):
    """A member as it is 30 seconds after the last fault."""

    name: str
    seat: int
    problem: str = ""
    sessions: int = 0
    restarts: int = 0
    restarts_expected: int = 0


class Run(Record, frozen=True):
    """Everything that is known of a run."""

    reports: tuple[Report, ...] = ()
    kept: tuple[Kept, ...] = ()
    filters: Mapping[str, tuple[str, ...]] = {}
    """The filters of each handler."""
    attempts: tuple[Attempt, ...] = ()
    pending: tuple[Pending, ...] = ()
    gone_at: Mapping[int, float] = {}
    """When each seat was fenced, or its process was killed."""
    timetables: tuple[Timetable, ...] = ()
    requests: tuple[Request, ...] = ()
    ledger: tuple[LedgerSlot, ...] = ()
    operations: tuple[Operation, ...] = ()
    revocations: tuple[Revocation, ...] = ()
    uses: tuple[Use, ...] = ()
    written: tuple[Written, ...] = ()
    terms: tuple[Term, ...] = ()
    agents: tuple[AgentLife, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    outages_s: float = 0.0
    """How long nothing could arrive, in total."""
    lost: frozenset[str] = frozenset()
    """The results that the database had and lost."""
    members: tuple[MemberLeft, ...] = ()
    owners: Mapping[int, int] = {}
    """The seat of each slot at the end; 0 for none."""
    owed: int = 0
    """How many deliveries are pending at the end."""
