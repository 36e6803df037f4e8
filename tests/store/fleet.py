"""Events of a fleet that look like real ones, as they are stored: their checks, outputs and histories differ."""

import hashlib
import json
import random
from collections.abc import Callable, Iterator

from sensu.store.values import EventKey, PutEvent

Output = Callable[[random.Random], str]


def _name(draw: random.Random) -> str:
    return hashlib.sha256(draw.randbytes(8)).hexdigest()[: draw.randint(4, 12)]


HOSTS: tuple[Output, ...] = (
    lambda draw: f"DISK OK - free space: / {draw.randint(100, 99999)} MB ({draw.randint(1, 99)}% inode=97%);\n",
    lambda draw: (
        f"OK - load average: {draw.random() * 4:.2f}, {draw.random() * 4:.2f}|load1={draw.random():.3f};5;9;0;\n"
    ),
    lambda draw: f"PROCS OK: {draw.randint(1, 400)} processes | procs={draw.randint(1, 400)};500;700;0;\n",
)
"""Outputs of checks of hosts."""
SERVICES: tuple[Output, ...] = (
    lambda draw: f"HTTP OK: HTTP/1.1 200 OK - {draw.randint(99, 9999)} bytes in {draw.random():.3f} second response\n",
    lambda draw: "\n".join(
        f"{_name(draw)}.requests {draw.randint(1, 10**6)} 1799{draw.randint(0, 10**6)}" for _ in "12"
    ),
    lambda draw: f"POSTGRES_BLOAT OK: DB {_name(draw)} table public.{_name(draw)} rows:{draw.randint(1, 10**7)}\n",
    lambda draw: f"certificate of {_name(draw)}.example.org expires in {draw.randint(1, 365)} days, by {_name(draw)}\n",
)
"""Outputs of checks of services."""


def events(number: int, outputs: tuple[Output, ...], seed: int = 0, **more: object) -> Iterator[PutEvent]:
    """Events of twenty checks on each entity; `more` are further fields of their checks."""
    draw = random.Random(seed)
    for count in range(number):
        entity, check = f"host-{seed}-{count // 20}", f"check-{count % 20}"
        yield PutEvent(EventKey("default", entity, check), _body(draw, entity, check, outputs, more))


def _body(draw: random.Random, entity: str, check: str, outputs: tuple[Output, ...], more: dict[str, object]) -> bytes:
    at = draw.randint(1_700_000_000, 1_800_000_000)
    address = f"192.0.2.{draw.randint(1, 254)}/24"
    result = {
        "command": f"check-{check} -w {draw.randint(1, 99)} -c 99",
        "handlers": ["slack"],
        "interval": 60,
        "runtime_assets": None,
        "subscriptions": ["linux"],
        "proxy_entity_name": "",
        "duration": draw.random(),
        "executed": at,
        "history": [{"status": 0, "executed": at - 60 * age} for age in range(20, -1, -1)],
        "issued": at,
        "output": draw.choice(outputs)(draw),
        "state": "passing",
        "status": 0,
        "total_state_change": 0,
        "occurrences": draw.randint(1, 10**5),
        "metadata": {"name": check, "namespace": "default"},
        **more,
    }
    host = {
        "entity_class": "agent",
        "system": {"hostname": entity, "os": "linux", "platform": "debian", "network": {"addresses": [address, "::1"]}},
        "subscriptions": ["linux", f"entity:{entity}"],
        "last_seen": at,
        "redact": ["password", "passwd", "pass", "api_key", "api_token", "access_key", "secret_key", "private_key"],
        "metadata": {"name": entity, "namespace": "default"},
    }
    event = {"check": result, "entity": host, "id": draw.randbytes(16).hex(), "sequence": draw.randint(1, 10**6)}
    return json.dumps(event, separators=(",", ":")).encode()
