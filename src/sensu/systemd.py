"""What a program tells the service manager that started it; nothing where none did.

Source: systemd's documentation, sd_notify(3): one datagram to the socket that NOTIFY_SOCKET names; and
sd_watchdog_enabled(3).
"""

import asyncio
import contextlib
import os
import socket

from sensu.clock import Clock

READY = "READY=1"
STOPPING = "STOPPING=1"
ALIVE = "WATCHDOG=1"


def notify(state: str) -> bool:
    """Whether there is a service manager and it was told."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as one:
        one.setblocking(False)
        one.sendto(state.encode(), address)
        return True
    return False


def watchdog_s() -> float | None:
    """How often this process has to say that it is alive, with time to spare; None where nobody waits for that."""
    wanted_of = os.environ.get("WATCHDOG_PID", "")
    limit = os.environ.get("WATCHDOG_USEC", "")
    if not limit.isdigit() or not int(limit) or wanted_of not in ("", str(os.getpid())):
        return None
    return int(limit) / 1e6 / 3


async def stay_alive(clock: Clock) -> None:
    """Say that the loop turns, until cancelled; only wait where nobody asks."""
    every_s = watchdog_s()
    if every_s is None:
        await asyncio.get_running_loop().create_future()
    while every_s is not None:
        notify(ALIVE)
        await clock.sleep(every_s)
