"""Sends the messages of notify handlers, each to its service once."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from sensu.notify.sender_process import SenderProcess
from sensu.notify.sending import SendRequest
from sensu.rules.notify.urls import masked

TAKEN_MAX = 10_000
"""Deliveries of which is remembered which services took the message; the oldest are forgotten."""


class Messages:
    """Sends messages with the process for it. `opened` returns a stored handler with its URLs opened."""

    def __init__(self, sender: SenderProcess, opened: Callable[[Any], Any] = lambda handler: handler) -> None:
        self._sender, self.opened = sender, opened
        self._taken: OrderedDict[str, set[str]] = OrderedDict()

    async def send(self, delivery_id: str, requests: Sequence[SendRequest]) -> Sequence[str]:
        """Send a message to several services side by side; returns the failures, without secrets.

        When a delivery is retried, only the services that failed get its message.
        """
        taken = self._taken.pop(delivery_id, set())
        left = [request for request in requests if request.url not in taken]
        answers = await asyncio.gather(*(self._sender.send(request) for request in left))
        failed = []
        for request, sent in zip(left, answers, strict=True):
            if sent.why:
                failed.append(f"{masked(request.url)}: {sent.why}")
            else:
                taken.add(request.url)
        if failed and taken:
            self._remember(delivery_id, taken)
        return failed

    def _remember(self, delivery_id: str, taken: set[str]) -> None:
        self._taken[delivery_id] = taken
        if len(self._taken) > TAKEN_MAX:
            self._taken.popitem(last=False)
