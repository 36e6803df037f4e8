"""Limits password attempts, fairly between network addresses.

Verifying a password takes a considerable part of a second of processor time, and unauthenticated clients can request
it. Therefore only a few run at a time, and addresses take turns, no matter how many attempts each has waiting. The
address is that of the connection; `X-Forwarded-For` is not trusted.
"""

import asyncio
import ipaddress
import math
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import blake2b

from sensu.clock import Clock

AT_ONCE = 2
"""The maximum number of passwords verified or hashed at a time."""
WAITING_OF_ADDRESS_MAX = 32
"""The maximum number of waiting attempts from one address; further ones are refused with 429."""
WAITING_MAX = 2_000
"""The maximum number of waiting attempts in total; further ones are refused with 429."""
RETRY_AFTER_S = 5

GUESSES_MAX = 30
"""The maximum number of different wrong passwords from one address for one user name within `GUESSES_S`.

Further attempts are refused with 429 until the time is over. Attempts from other addresses are not affected, so that
a user cannot be locked out from elsewhere, and neither are users whose correct password is cached. The same wrong
password sent repeatedly, for example by agents with an outdated configuration, counts once.
"""
GUESSES_S = 60.0
GUESSES_REMEMBERED_MAX = 10_000


class TooManyAttempts(Exception):
    """A password is not verified now; the message can be sent to the client."""

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


def origin_of(address: str) -> str:
    """The unit that limits apply to: an IPv4 address or an IPv6 /64 network, which may belong to a single host."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))


class FairTurns:
    """Admits a few attempts at a time; addresses take turns."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._free = at_once
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self._count = 0

    @property
    def waiting(self) -> int:
        """The number of waiting attempts."""
        return self._count

    @asynccontextmanager
    async def turn(self, origin: str) -> AsyncIterator[None]:
        """Wait for a turn and hold it; raises TooManyAttempts. A cancelled caller leaves the queue."""
        await self._enter(origin)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, origin: str) -> None:
        if self._free and not self._count:
            self._free -= 1
            return
        queue = self._waiting.get(origin, ())
        if len(queue) >= WAITING_OF_ADDRESS_MAX or self._count >= WAITING_MAX:
            raise TooManyAttempts("too many login attempts are waiting, try again later", RETRY_AFTER_S)
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(origin, deque()).append(mine)
        self._count += 1
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self._leave()
            else:
                self._give_up(origin, mine)
            raise

    def _give_up(self, origin: str, mine: "asyncio.Future[None]") -> None:
        queue = self._waiting.get(origin)
        if queue is not None and mine in queue:
            queue.remove(mine)
            self._count -= 1
            if not queue:
                del self._waiting[origin]

    def _leave(self) -> None:
        self._free += 1
        while self._free and self._waiting:
            origin, queue = next(iter(self._waiting.items()))
            following = queue.popleft()
            self._count -= 1
            if queue:
                self._waiting.move_to_end(origin)
            else:
                del self._waiting[origin]
            if not following.done():
                self._free -= 1
                following.set_result(None)


class Guesses:
    """Counts wrong passwords by user name and address, or other refusals (`what`) of something that has a name."""

    def __init__(self, clock: Clock, what: str = "wrong passwords for this user") -> None:
        self._clock, self._what = clock, what
        self._wrong: OrderedDict[bytes, _Wrong] = OrderedDict()

    def check(self, username: str, origin: str) -> None:
        """Raises TooManyAttempts if an address has sent too many wrong passwords for a user."""
        known = self._wrong.get(_key(username, origin))
        left_s = 0 if known is None else math.ceil(known.until - self._clock.monotonic())
        if known is not None and len(known.proofs) >= GUESSES_MAX and left_s > 0:
            message = f"too many {self._what} from this address, try again in {left_s} s"
            raise TooManyAttempts(message, left_s)

    def wrong(self, username: str, origin: str, proof: bytes) -> None:
        """Record a wrong password; `proof` is a digest that distinguishes it from others."""
        key, now = _key(username, origin), self._clock.monotonic()
        known = self._wrong.pop(key, None)
        if known is None or now >= known.until:
            known = _Wrong(now + GUESSES_S)
        if len(known.proofs) < GUESSES_MAX:
            known.proofs.add(proof[:8])
        self._wrong[key] = known
        if len(self._wrong) > GUESSES_REMEMBERED_MAX:
            self._wrong.popitem(last=False)

    def right(self, username: str, origin: str) -> None:
        """Record a correct password: earlier wrong ones no longer count."""
        self._wrong.pop(_key(username, origin), None)


@dataclass(slots=True)
class _Wrong:
    until: float
    proofs: set[bytes] = field(default_factory=set)


def _key(username: str, origin: str) -> bytes:
    return blake2b(f"{origin}\0{username}".encode("utf-8", "surrogatepass"), digest_size=16).digest()
