"""An event loop for tests that wait for time-outs of real sockets: hours pass in a moment."""

import asyncio
import selectors

import pytest


class _Jumping(selectors.DefaultSelector):
    """Waits for nothing but files: while none is ready, the time of the loop jumps to its next timer."""

    ahead_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(0)
        if found or timeout == 0:
            return found
        if timeout is None:
            return super().select(None)
        self.ahead_s += timeout
        return []


class JumpingLoop(asyncio.SelectorEventLoop):
    """Its time jumps to the next timer whenever nothing is ready.

    Both ends of each connection must be on this loop, because it does not wait for other processes or threads.
    """

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        """The time of the loop in seconds, jumps included."""
        return super().time() + self._jumping.ahead_s


async def quiet() -> None:
    """Return when nothing more happens on a `JumpingLoop` without more time passing."""
    assert isinstance(asyncio.get_running_loop(), JumpingLoop)
    await asyncio.sleep(0.001)


async def elapse(seconds: float) -> None:
    """Return after this much time of a `JumpingLoop`."""
    assert isinstance(asyncio.get_running_loop(), JumpingLoop)
    await asyncio.sleep(seconds)


JUMPING = pytest.mark.parametrize("loop_factory", [JumpingLoop], ids=["jumping"])
"""Runs a test, which must name the argument `loop_factory`, on such a loop."""
