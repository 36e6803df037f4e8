"""Passwords: hashed with bcrypt, verified in threads, and cached for a limited time.

Correct passwords are cached as digests, keyed with a secret of this process, so that a thousand agents that log in as
one user cost one bcrypt run instead of a thousand. The digest covers the stored hash, so that a changed password is
invalidated at once. Wrong passwords are never cached. Cached passwords are accepted without waiting; others wait for
their turn (`sensu.backend.auth.attempts`).
"""

import asyncio
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import bcrypt

from sensu.backend.auth.attempts import AT_ONCE, FairTurns, Guesses, origin_of
from sensu.clock import Clock

T = TypeVar("T")

BCRYPT_COST = 10
BCRYPT_COST_SET_MAX = 12
"""Hashes of a higher cost are refused when clients set them, because each login would occupy a thread."""
BCRYPT_COST_MAX = 16
"""Hashes of a higher cost (some seconds) never match: a login must not occupy a thread for hours."""
BCRYPT_BYTES_MAX = 72
"""bcrypt uses only the beginning of longer passwords."""

REMEMBERED_S = 3600.0
REMEMBERED_MAX = 4096

_NOBODYS = "HusiUbNIpOhkC8h2Luf1MOcrGb.W105Pr3GsUcn8ZFVMSY36Vc41K"
"""Salt and hash of a random, discarded password: compared if the user does not exist."""


@dataclass(slots=True)
class _Run:
    """A verification that several logins wait for; it is cancelled when none of them is left."""

    task: "asyncio.Task[bool]"
    waiting: int = 0


class Passwords:
    """Hashes and verifies passwords; raises TooManyAttempts if too many are waiting."""

    def __init__(self, clock: Clock, threads: int = AT_ONCE) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="password")
        self._turns = FairTurns(threads)
        self._guesses = Guesses(clock)
        self._remembered: OrderedDict[bytes, float] = OrderedDict()
        self._running: dict[bytes, _Run] = {}

    async def hash(self, password: str, address: str = "") -> str:
        """Hash a password with bcrypt (`$2b$10$…`)."""
        async with self._turns.turn(origin_of(address)):
            return await self._in_thread(hash_password, password)

    async def verify(
        self,
        username: str,
        password: str,
        password_hash: str | None,
        address: str = "",
        refusal_cost: Callable[[], int] = lambda: BCRYPT_COST,
    ) -> bool:
        """Whether the password from a client at `address` matches the hash (None: the user does not exist).

        The answer for a wrong password or an unknown user takes as long as a hash of the `refusal_cost`.
        """
        proof = self._proof(username, password, password_hash or "")
        if password_hash is not None and self._remembers(proof):
            return True
        origin = origin_of(address)
        self._guesses.check(username, origin)
        matching = await self._matches(proof, origin, password, password_hash, refusal_cost())
        if not matching or password_hash is None:
            self._guesses.wrong(username, origin, proof)
            return False
        self._guesses.right(username, origin)
        self._remember(proof)
        return True

    def close(self) -> None:
        """Stop the hashing threads and cancel the work that waits for them."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _proof(self, *parts: str) -> bytes:
        message = b"".join(len(part := text.encode("utf-8", "surrogatepass")).to_bytes(8) + part for text in parts)
        return hmac.digest(self._key, message, "sha256")

    def _remembers(self, proof: bytes) -> bool:
        until = self._remembered.get(proof)
        if until is None:
            return False
        if self._clock.monotonic() < until:
            return True
        del self._remembered[proof]
        return False

    def _remember(self, proof: bytes) -> None:
        self._remembered[proof] = self._clock.monotonic() + REMEMBERED_S
        self._remembered.move_to_end(proof)
        while len(self._remembered) > REMEMBERED_MAX:
            self._remembered.popitem(last=False)

    async def _matches(
        self, proof: bytes, origin: str, password: str, password_hash: str | None, refusal_cost: int
    ) -> bool:
        """The result of bcrypt; concurrent calls with the same arguments share one run."""
        run = self._running.get(proof)
        if run is None:
            run = _Run(asyncio.ensure_future(self._run(origin, password, password_hash, refusal_cost)))
            self._running[proof] = run
            run.task.add_done_callback(lambda _: self._forget(proof, run))
        run.waiting += 1
        try:
            return await asyncio.shield(run.task)
        finally:
            run.waiting -= 1
            if not run.waiting and not run.task.done():
                run.task.cancel()
                self._forget(proof, run)

    def _forget(self, proof: bytes, run: _Run) -> None:
        if self._running.get(proof) is run:
            del self._running[proof]

    async def _run(self, origin: str, password: str, password_hash: str | None, refusal_cost: int) -> bool:
        async with self._turns.turn(origin):
            return await self._in_thread(matches, password, password_hash, refusal_cost)

    async def _in_thread(self, work: Callable[..., T], *arguments: object) -> T:
        """The result of `work` in a thread. Threads cannot be stopped, so a cancelled caller also waits for its end."""
        job = asyncio.get_running_loop().run_in_executor(self._executor, work, *arguments)
        try:
            return await asyncio.shield(job)
        finally:
            if not job.done():
                await asyncio.wait({job})


def hash_password(password: str) -> str:
    """Hash a password with bcrypt; takes tens of milliseconds."""
    return bcrypt.hashpw(_bcrypt_input(password), bcrypt.gensalt(BCRYPT_COST)).decode("ascii")


def matches(password: str, password_hash: str | None, refusal_cost: int = BCRYPT_COST) -> bool:
    """Whether a password matches a bcrypt hash (`$2a$`, `$2b$`, `$2y$`); a string that is not a hash matches nothing.

    A mismatch takes as long as a hash of `refusal_cost`, unless the hash's own cost is higher: 2^n takes as long as
    2^m, 2^m, 2^(m+1) … 2^(n-1) together.
    """
    cost = cost_of(password_hash or "")
    if password_hash is not None and cost is not None and cost <= BCRYPT_COST_MAX:
        try:
            if bcrypt.checkpw(_bcrypt_input(password), password_hash.encode("ascii")):
                return True
        except ValueError:
            cost = None
    else:
        cost = None
    for padding in [refusal_cost] if cost is None else range(cost, refusal_cost):
        bcrypt.checkpw(_bcrypt_input(password), f"$2b${padding:02d}${_NOBODYS}".encode("ascii"))
    return False


def _bcrypt_input(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")[:BCRYPT_BYTES_MAX]


def cost_of(password_hash: str) -> int | None:
    """The cost of a hash (`$2b$10$…`), None if it is not a bcrypt hash."""
    parts = password_hash.split("$")
    known = len(parts) == 4 and not parts[0] and parts[1] in ("2a", "2b", "2y")
    return int(parts[2]) if known and parts[2].isdigit() and parts[2].isascii() and len(parts[2]) == 2 else None


def hash_problem(password_hash: str) -> str | None:
    """Why a hash from a client is refused, or None."""
    cost = cost_of(password_hash)
    if cost is None or cost <= BCRYPT_COST_SET_MAX:
        return None
    return f"password_hash: the cost of a bcrypt hash must be at most {BCRYPT_COST_SET_MAX}, this one has {cost}"
