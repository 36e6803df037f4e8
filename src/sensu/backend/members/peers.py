"""Requests from the API of one member to the others: metrics, health, and requests that only one of them can answer."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from sensu.backend.activity import MemberActivity
from sensu.backend.auth.credentials import COOKIE
from sensu.backend.members import messages
from sensu.backend.members.bus import Bus, Peer, PeerGone, SendReply
from sensu.backend.members.messages import (
    ActivityReport,
    ApiRequest,
    ApiResponse,
    AskActivity,
    AskFlow,
    AskHealth,
    AskLastRuns,
    AskNumbers,
    AskTrouble,
    FlowReport,
    Health,
    LastRuns,
    MetricNumbers,
    TroubleReport,
)
from sensu.backend.metrics import Numbered
from sensu.backend.ports import ApiAnswer, Application, SlotLedger
from sensu.log import fields
from sensu.rules.flow import FlowCounts
from sensu.rules.run_ledger import LastRun, SlotTrouble

log = logging.getLogger("sensu.members")

HEALTH_WITHIN_S = 2.0
ACTIVITY_WITHIN_S = 1.0
REQUEST_WITHIN_S = 15.0


class PeerMembers:
    """The other members as the API sees them (`ports.Peers`)."""

    def __init__(
        self,
        bus: Bus,
        numbers: Callable[[], Sequence[Numbered]],
        health: Callable[[], Awaitable[str]],
        activity: Callable[[], MemberActivity],
        flow: Callable[[str, int], Sequence[FlowCounts]],
        ledger: SlotLedger,
        *,
        adds_up: bool = True,
    ) -> None:
        """`adds_up` says whether the metrics of this member include those of the others."""
        self._peers, self._adds_up = bus.peers, adds_up
        self._numbers, self._health, self._activity = numbers, health, activity
        self._application: Application | None = None
        self._running: set[asyncio.Task[None]] = set()
        bus.on(AskNumbers, self._numbers_asked)
        bus.on(AskActivity, lambda member, message, answer: answer(ActivityReport(message.id, self._activity())))
        bus.on(AskFlow, lambda _, asked, answer: answer(FlowReport(asked.id, flow(asked.namespace, asked.minutes))))
        bus.on(AskTrouble, lambda _, asked, answer: answer(TroubleReport(asked.id, ledger.trouble(asked.since))))
        bus.on(AskLastRuns, lambda _, asked, answer: answer(LastRuns(asked.id, ledger.last_runs(asked.namespace))))
        bus.on(AskHealth, lambda member, message, answer: self._start(self._tell_health(message, answer)))
        bus.on(ApiRequest, lambda member, message, answer: self._start(self._answer(message, answer)))

    def serve(self, application: Application) -> None:
        """Answer requests of the others with the API of this worker."""
        self._application = application

    async def numbers(self) -> Sequence[Sequence[Numbered]]:
        """The metrics of each other worker that answers, if they are to be added up."""
        if not self._adds_up:
            return ()
        told = await asyncio.gather(*(_asked(peer, AskNumbers) for peer in self._peers.values()))
        return [numbers.samples for numbers in told if isinstance(numbers, MetricNumbers)]

    async def activity(self) -> Sequence[MemberActivity]:
        """What each other worker that answers did lately."""
        told = await self._all_asked(AskActivity)
        return [activity.report for activity in told if isinstance(activity, ActivityReport)]

    async def flow(self, namespace: str, minutes: int) -> Sequence[FlowCounts]:
        """What went through the workflows of each other worker that answers."""
        told = await self._all_asked(lambda number: AskFlow(number, namespace, minutes))
        return [counts for report in told if isinstance(report, FlowReport) for counts in report.counts]

    async def trouble(self, since: float) -> Sequence[Mapping[str, SlotTrouble]]:
        """The late checks and missed slots of each other worker that answers."""
        told = await self._all_asked(lambda number: AskTrouble(number, since))
        return [report.trouble for report in told if isinstance(report, TroubleReport)]

    async def last_runs(self, namespace: str) -> Sequence[Mapping[str, LastRun]]:
        """The last slots of the checks that each other worker schedules, as far as it answers."""
        told = await self._all_asked(lambda number: AskLastRuns(number, namespace))
        return [report.runs for report in told if isinstance(report, LastRuns)]

    async def _all_asked(self, question: Callable[[int], messages.Ask]) -> Sequence[object]:
        return await asyncio.gather(*(_asked(peer, question, ACTIVITY_WITHIN_S) for peer in self._peers.values()))

    async def problems(self) -> Mapping[int, str]:
        """The problems of those others that have any."""
        peers = list(self._peers.values())
        problems = await asyncio.gather(*(self._problem_of(peer) for peer in peers))
        return {peer.member: problem for peer, problem in zip(peers, problems, strict=True) if problem}

    async def _problem_of(self, peer: Peer) -> str:
        told = await _asked(peer, AskHealth, HEALTH_WITHIN_S)
        if not isinstance(told, Health):
            return f"{peer.name} does not answer"
        return f"{peer.name}: {told.problem}" if told.problem else ""

    async def ask(self, member: int, scope: Mapping[str, Any], body: bytes) -> ApiAnswer | None:
        """The response of another worker to an API request, None if it does not answer."""
        client = scope.get("client")
        peer = self._peers.get(member)
        if peer is None:
            return None
        try:
            told = await peer.ask(
                lambda number: ApiRequest(
                    number,
                    scope["method"],
                    scope["raw_path"],
                    scope["query_string"],
                    [(bytes(name), bytes(value)) for name, value in scope["headers"]],
                    (client[0], client[1]) if client else None,
                    body,
                    scope.get(COOKIE) or "",
                ),
                REQUEST_WITHIN_S,
            )
        except PeerGone:
            return None
        assert isinstance(told, ApiResponse)
        return told.answer

    def _numbers_asked(self, member: int, message: AskNumbers, answer: SendReply) -> None:
        answer(MetricNumbers(message.id, self._numbers()))

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _tell_health(self, message: AskHealth, answer: SendReply) -> None:
        answer(Health(message.id, await self._health()))

    async def _answer(self, message: ApiRequest, answer: SendReply) -> None:
        """Process a request with the API of this worker, as if the client had sent it here."""
        assert self._application is not None
        heard: list[Any] = []

        async def receive() -> Mapping[str, Any]:
            return {"type": "http.request", "body": message.body, "more_body": False}

        async def send(part: Any) -> None:
            heard.append(part)

        try:
            await self._application(_scope(message), receive, send)
        except Exception:
            log.exception("a request from another worker failed", extra=fields(path=message.path.decode("latin-1")))
            return
        body = b"".join(part.get("body", b"") for part in heard[1:])
        answer(ApiResponse(message.id, ApiAnswer(heard[0]["status"], heard[0]["headers"], body)))


def _scope(message: ApiRequest) -> dict[str, Any]:
    path = message.path.decode("latin-1")
    return {
        "type": "http",
        "method": message.method,
        "path": path,
        "raw_path": message.path,
        "query_string": message.query,
        "headers": list(message.headers),
        "client": message.client,
        COOKIE: message.cookie,
        "scheme": "http",
        "from_member": True,
    }


async def _asked(peer: Peer, question: Callable[[int], messages.Ask], within_s: float = 5.0) -> object:
    try:
        return await peer.ask(question, within_s)
    except PeerGone:
        return None
