"""Passwords: hashed with bcrypt, verified off the loop, and remembered for a short while.

A right password is remembered for some minutes, as a digest keyed with a secret of this process, so that a thousand
agents that log in with one user cost one bcrypt and not a thousand. The digest covers the stored hash, so that
a changed password is forgotten at once. Wrong passwords are never remembered.
"""

import asyncio
import hmac
import secrets
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor

import bcrypt

from sensu.clock import Clock

BCRYPT_COST = 10
BCRYPT_COST_MAX = 16
"""Hashes that cost more than this (some seconds) are never matched: one login must not hold a thread for hours."""
BCRYPT_BYTES_MAX = 72
"""Of longer passwords bcrypt reads the beginning."""

REMEMBERED_S = 300.0
REMEMBERED_MAX = 4096
HASHING_THREADS = 2

_NOBODYS_HASH = "$2b$10$HusiUbNIpOhkC8h2Luf1MOcrGb.W105Pr3GsUcn8ZFVMSY36Vc41K"
"""The hash of a random password that nobody kept: what is compared where there is no user."""


class Passwords:
    """Hashes and verifies passwords."""

    def __init__(self, clock: Clock, threads: int = HASHING_THREADS) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="password")
        self._room = asyncio.Semaphore(threads)
        self._remembered: OrderedDict[bytes, float] = OrderedDict()
        self._running: dict[bytes, asyncio.Future[bool]] = {}

    async def hash(self, password: str) -> str:
        """A new bcrypt hash (`$2b$10$…`) of a password."""
        async with self._room:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._executor, hash_password, password)

    async def verify(self, username: str, password: str, password_hash: str | None) -> bool:
        """Whether the password is the one of the hash; None (no such user) costs as much as a wrong password."""
        proof = self._proof(username, password, password_hash or _NOBODYS_HASH)
        if password_hash is not None and self._remembers(proof):
            return True
        matches = await self._matches(proof, password, password_hash or _NOBODYS_HASH)
        if not matches or password_hash is None:
            return False
        self._remember(proof)
        return True

    def close(self) -> None:
        """Stop the threads that hash; what waits for them is cancelled."""
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

    async def _matches(self, proof: bytes, password: str, password_hash: str) -> bool:
        """The verdict of bcrypt; callers that ask the same at the same time share one run."""
        running = self._running.get(proof)
        if running is None:
            running = asyncio.ensure_future(self._run(password, password_hash))
            self._running[proof] = running
            running.add_done_callback(lambda _: self._running.pop(proof, None))
        return await asyncio.shield(running)

    async def _run(self, password: str, password_hash: str) -> bool:
        async with self._room:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._executor, matches, password, password_hash)


def hash_password(password: str) -> str:
    """A new bcrypt hash of a password; takes tens of milliseconds."""
    return bcrypt.hashpw(_bcrypt_input(password), bcrypt.gensalt(BCRYPT_COST)).decode("ascii")


def matches(password: str, password_hash: str) -> bool:
    """Whether a password is the one of a bcrypt hash (`$2a$`, `$2b$`, `$2y$`); a text that is no hash matches none."""
    try:
        if _cost(password_hash) > BCRYPT_COST_MAX:
            return False
        return bcrypt.checkpw(_bcrypt_input(password), password_hash.encode("ascii"))
    except ValueError:
        bcrypt.checkpw(_bcrypt_input(password), _NOBODYS_HASH.encode("ascii"))
        return False


def _bcrypt_input(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")[:BCRYPT_BYTES_MAX]


def _cost(password_hash: str) -> int:
    """The cost in `$2b$10$…`; raises ValueError for what is no hash."""
    parts = password_hash.split("$")
    if len(parts) != 4 or parts[0] or parts[1] not in ("2a", "2b", "2y"):
        raise ValueError("not a bcrypt hash")
    return int(parts[2])
