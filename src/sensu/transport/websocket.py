"""WebSocket behaviour of both sides on top of picows: fragments, the close handshake, limits on writing."""

import asyncio
import logging
from dataclasses import dataclass

from picows import WSFrame, WSListener, WSMsgType, WSTransport

GOING_AWAY = 1001
PROTOCOL_ERROR = 1002
ABNORMAL = 1006
TOO_BIG = 1009
NO_CODE = 1005

CLOSE_TIMEOUT_S = 1.0
"""How long the peer may take to answer a close frame before the connection is aborted."""

_silent = logging.Logger("picows", logging.CRITICAL + 1)
_BINARY, _CONTINUATION = WSMsgType.BINARY, WSMsgType.CONTINUATION
_CLOSE, _PONG = WSMsgType.CLOSE, WSMsgType.PONG

silent_logger: logging.LoggerAdapter[logging.Logger] = logging.LoggerAdapter(_silent, {})
"""A silent logger for picows, whose messages could contain headers."""


@dataclass(frozen=True, slots=True)
class Closed:
    """How a connection ended: the close code (1006 if it was aborted), the reason, and who closed it."""

    code: int
    reason: str
    by_peer: bool


class MessageListener(WSListener):
    """Assembles messages; subclasses override `received`, `ended` and `ponged`."""

    def __init__(self, message_bytes_max: int) -> None:
        self.closed: Closed | None = None
        self._message_bytes_max = message_bytes_max
        self._parts: list[bytes] | None = None
        self._parts_bytes = 0
        self._transport: WSTransport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def received(self, data: bytes) -> None:
        """A complete message arrived; must not raise."""

    def ended(self, closed: Closed) -> None:
        """The connection has ended; must not raise."""

    def ponged(self, payload: bytes) -> None:
        """A pong arrived, solicited or not; must not raise."""

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Part of picows' interface."""
        self._transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Part of picows' interface."""
        kind = frame.msg_type
        if kind == _BINARY and frame.fin and self._parts is None and not frame.rsv1:
            if not transport.is_close_frame_sent:
                self.received(frame.get_payload_as_bytes())
        elif kind == _CLOSE:
            self._close_arrived(transport, frame)
        elif kind == _PONG:
            self.ponged(frame.get_payload_as_bytes())
        elif not transport.is_close_frame_sent:
            self._fragment_arrived(frame)

    def _fragment_arrived(self, frame: WSFrame) -> None:
        continues = frame.msg_type == _CONTINUATION
        if continues == (self._parts is None) or frame.rsv1 or frame.rsv2 or frame.rsv3:
            self.close(PROTOCOL_ERROR)
            return
        if self._parts is None:
            self._parts, self._parts_bytes = [], 0
        self._parts.append(frame.get_payload_as_bytes())
        self._parts_bytes += frame.payload_size
        if self._parts_bytes > self._message_bytes_max:
            self.close(TOO_BIG)
        elif frame.fin:
            data, self._parts = b"".join(self._parts), None
            self.received(data)

    def _close_arrived(self, transport: WSTransport, frame: WSFrame) -> None:
        """Answer with the same code, as the recorded scenario close-by-agent does, and end the connection."""
        if self.closed is None:
            if frame.payload_size:
                close_code = frame.get_close_code()
                self.closed = Closed(close_code.value, frame.get_close_reason(), by_peer=True)
                transport.send_close(close_code)
            else:
                self.closed = Closed(NO_CODE, "", by_peer=True)
                transport.send(WSMsgType.CLOSE, b"")
        if transport.is_client_side:
            self._cut_later(transport)
        else:
            transport.disconnect()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Part of picows' interface."""
        if self.closed is None:
            self.closed = Closed(ABNORMAL, "", by_peer=True)
        self._transport = self._parts = None
        self._stop_timer()
        self.ended(self.closed)

    def pause_writing(self) -> None:
        """Part of picows' interface."""

    def resume_writing(self) -> None:
        """Part of picows' interface."""

    def close(self, code: int, reason: str = "") -> None:
        """Send a close frame; the connection ends when the peer answers or after a second."""
        if self._transport is None or self.closed is not None:
            return
        self.closed = Closed(code, reason, by_peer=False)
        self._transport.send_close(code, reason.encode())  # type: ignore[arg-type]
        self._cut_later(self._transport)

    def cut(self, reason: str) -> None:
        """Abort the connection without a close frame; unsent data is lost."""
        if self._transport is not None:
            self.closed = self.closed or Closed(ABNORMAL, reason, by_peer=False)
            self._transport.disconnect(False)

    @property
    def backlog_bytes(self) -> int:
        """How many bytes wait to be sent by the kernel."""
        if self._transport is None:
            return 0
        return self._transport.underlying_transport.get_write_buffer_size()

    def _cut_later(self, transport: WSTransport) -> None:
        self._stop_timer()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(CLOSE_TIMEOUT_S, transport.disconnect, False)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
