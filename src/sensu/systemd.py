"""Notifies the service manager that started the program, if there is one.

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
    """Send a state to the service manager; false if there is none."""
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
    """The interval at which the service manager expects signs of life, with a margin; None if it expects none."""
    wanted_of = os.environ.get("WATCHDOG_PID", "")
    limit = os.environ.get("WATCHDOG_USEC", "")
    if not limit.isdigit() or not int(limit) or wanted_of not in ("", str(os.getpid())):
        return None
    return int(limit) / 1e6 / 3


async def stay_alive(clock: Clock) -> None:
    """Send signs of life from the event loop until cancelled; only wait if none are expected."""
    every_s = watchdog_s()
    if every_s is None:
        await asyncio.get_running_loop().create_future()
    while every_s is not None:
        notify(ALIVE)
        await clock.sleep(every_s)
