"""Tests handlers: each gets a marked event, past all filters, and reports what came of it."""

import asyncio
from collections.abc import Sequence

import msgspec

from sensu.backend.pipelined.steps.filters import EventSubject
from sensu.backend.pipelined.steps.handlers.deliver import Occasion, Tools
from sensu.backend.pipelined.steps.handlers.notify import TIME_LIMIT_S, event_in, services_of
from sensu.backend.pipelined.steps.handlers.table import Handlers
from sensu.backend.pipelined.steps.mutators import Mutators
from sensu.backend.pipelined.steps.outcome import Delivered, Dropped, Retry
from sensu.backend.pipelined.steps.runtime_assets import Records
from sensu.notify.sending import SendRequest
from sensu.resources.handler import Handler
from sensu.resources.kinds import HANDLER
from sensu.resources.wire import encode
from sensu.rules.command_output import printable, without
from sensu.rules.event_links import EventLinks, links_of
from sensu.rules.handler_test import (
    DRY,
    FAILED,
    OK,
    TITLE_MARK,
    HandlerTest,
    HandlerTestReport,
    HandlerTestTarget,
    marked_event,
)
from sensu.rules.notify.message import AlertMessage, message_of
from sensu.rules.notify.occasions import PROBLEM, RESOLVED
from sensu.rules.notify.template import templated
from sensu.rules.notify.urls import masked
from sensu.rules.workflow import core_handler, missing_handler

LIMIT_S = 60.0
"""The time limit of a test, whatever the handler's own is."""
NESTED_MAX = 3
"""Sets of sets are followed to this depth, as those that events name are."""
NO_SUCH_URL = "the handler has no URL with this index"


class HandlerTests:
    """Tests handlers. No state of incidents is read or changed, and no delivery is created."""

    def __init__(
        self, records: Records, mutators: Mutators, handlers: Handlers, tools: Tools, web_url: str = ""
    ) -> None:
        self._records, self._mutators, self._handlers = records, mutators, handlers
        self._tools, self._web_url = tools, web_url

    async def run(self, handler: Handler, asked: HandlerTest, username: str) -> HandlerTestReport:
        """Test a handler, or the handlers of a set."""
        namespace, name = handler.metadata.namespace, handler.metadata.name
        now = self._tools.clock.now()
        subject = EventSubject(encode(marked_event(namespace, name, asked, username, now)))
        links = links_of(self._web_url, namespace, subject.value) if self._web_url else None
        message, targets = await self._tested(handler, asked, subject, links, NESTED_MAX)
        return HandlerTestReport(
            handler=name,
            type=handler.type,
            ok=all(target.outcome != FAILED for target in targets),
            targets=tuple(targets),
            title="" if message is None else message.title,
            text="" if message is None else message.text,
        )

    async def _tested(
        self, handler: Handler, asked: HandlerTest, subject: EventSubject, links: EventLinks | None, depth: int
    ) -> tuple[AlertMessage | None, Sequence[HandlerTestTarget]]:
        if handler.type == "set":
            return await self._set(handler, asked, subject, links, depth)
        started, target = self._tools.clock.monotonic(), handler.metadata.name
        try:
            async with asyncio.timeout(LIMIT_S):
                if handler.type == "notify":
                    return await self._notify(handler, asked, subject, links)
                why = "" if asked.dry_run else await self._handed(handler, subject, links)
        except TimeoutError:
            why = f"not done within {LIMIT_S:g} s, the limit of a test"
        outcome = DRY if asked.dry_run else FAILED if why else OK
        seconds = self._tools.clock.monotonic() - started
        return None, [HandlerTestTarget(target=target, outcome=outcome, why=why, seconds=seconds)]

    async def _set(
        self, handler: Handler, asked: HandlerTest, subject: EventSubject, links: EventLinks | None, depth: int
    ) -> tuple[AlertMessage | None, Sequence[HandlerTestTarget]]:
        message, targets = None, list[HandlerTestTarget]()
        for name in handler.handlers or ():
            member: Handler | None = self._records.get(HANDLER, handler.metadata.namespace, name)
            if member is None or depth <= 0:
                why = "sets are nested too deeply" if member else missing_handler(core_handler(name))
                targets.append(HandlerTestTarget(target=name, outcome=FAILED, why=why))
                continue
            found, tested = await self._tested(member, asked, subject, links, depth - 1)
            message, targets = message or found, [*targets, *tested]
        return message, targets

    async def _handed(self, handler: Handler, subject: EventSubject, links: EventLinks | None) -> str:
        """Give the event to a handler that is no notify handler; why that failed, or an empty text."""
        payload = await self._mutators.payload(handler.metadata.namespace, handler.mutator, subject)
        if not isinstance(payload, bytes):
            return payload.why
        ref = core_handler(handler.metadata.name)
        outcome = await self._handlers.deliver(ref, handler, payload, Occasion("test", links))
        return "" if isinstance(outcome, Delivered) else getattr(outcome, "why", "")

    async def _notify(
        self, handler: Handler, asked: HandlerTest, subject: EventSubject, links: EventLinks | None
    ) -> tuple[AlertMessage | None, Sequence[HandlerTestTarget]]:
        payload = await self._mutators.payload(handler.metadata.namespace, handler.mutator, subject)
        event = event_in(payload) if isinstance(payload, bytes) else payload
        services = await services_of(self._tools, handler)
        if isinstance(event, Dropped | Retry):
            return None, [_failed(handler, event.why)]
        if isinstance(services, str):
            return None, [_failed(handler, services)]
        happened = RESOLVED if asked.resolve else PROBLEM
        template = handler.notify.template if handler.notify is not None else None
        made = templated(message_of(event, happened, links), template, event, happened, links)
        message = msgspec.structs.replace(made, title=TITLE_MARK + made.title)
        urls = list(services.urls.values())
        if asked.url_index is not None:
            urls = urls[asked.url_index : asked.url_index + 1] if asked.url_index >= 0 else []
        if not urls:
            return message, [_failed(handler, NO_SUCH_URL)]
        if asked.dry_run:
            return message, [HandlerTestTarget(target=masked(url), outcome=DRY) for url in urls]
        timeout_s = min(float(handler.timeout or TIME_LIMIT_S), LIMIT_S / 2)
        return message, await self._sent(urls, message, timeout_s, happened, services.hidden)

    async def _sent(
        self, urls: Sequence[str], message: AlertMessage, timeout_s: float, happened: str, hidden: Sequence[str]
    ) -> Sequence[HandlerTestTarget]:
        requests = {str(place): SendRequest(url, message, timeout_s, happened) for place, url in enumerate(urls)}
        results = await self._tools.messages.send(requests)
        return [
            HandlerTestTarget(
                target=masked(requests[key].url),
                outcome=FAILED if result.why else OK,
                why=printable(without(result.why, hidden)),
                seconds=result.seconds,
                log=tuple(printable(without(line, hidden)) for line in result.log),
            )
            for key, result in results.items()
        ]


def _failed(handler: Handler, why: str) -> HandlerTestTarget:
    return HandlerTestTarget(target=handler.metadata.name, outcome=FAILED, why=why)
