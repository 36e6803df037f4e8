"""The parent of a backend's workers: it starts them, restarts a worker that died, and stops them together.

It serves nothing itself. The first worker starts alone, so that a problem with the settings or the store is reported
once.
"""

import contextlib
import gc
import logging
import os
import random
import selectors
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from sensu import systemd
from sensu.backend.initialise import make_folder
from sensu.backend.settings import BackendSettings
from sensu.backend.workers.context import Addresses, WorkerContext
from sensu.backend.workers.control import DRAINED, END, READY
from sensu.backend.workers.listening_ports import kept_ports
from sensu.clock import Clock
from sensu.errors import StoreError
from sensu.log import fields
from sensu.rules.share import Share
from sensu.store.sqlite.connection import Durability
from sensu.store.sqlite.sharing import SharedDatabase
from sensu.store.sqlite.store import shared_database
from sensu.version import VERSION

log = logging.getLogger("sensu.backend")

RESTART_PAUSE_S, RESTART_PAUSE_MAX_S = 0.05, 30.0
"""The pause before a worker that died is restarted. It doubles with each death, up to the maximum."""
STEADY_S = 60.0
"""After a worker has run for this long, its next pause is the shortest one."""
STOP_WITHIN_S = 30.0
"""Workers that have not ended by then are killed."""
HUNG_AFTER_S = 30.0
"""A worker that serves and has not reported for this long is killed and restarted."""
LOOK_S = 5.0
"""How often workers are checked for this."""
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGHUP)

WorkerMain = Callable[[BackendSettings, WorkerContext], int]
"""Serves as a worker, in a process of its own; returns the exit status."""


@dataclass
class _Worker:
    """A worker as its parent sees it; `pid` 0 while it does not run."""

    member: int
    listener: socket.socket
    pid: int = 0
    end: socket.socket | None = None
    ready: bool = False
    drained: bool = False
    started_at: float = 0.0
    heard_at: float = 0.0
    start_at: float = 0.0
    pause_s: float = RESTART_PAUSE_S


class Supervisor:
    """Runs `settings.workers` workers, each doing `work`."""

    def __init__(self, settings: BackendSettings, work: WorkerMain, clock: Clock) -> None:
        self._settings, self._work, self._clock = settings, work, clock
        self._selector = selectors.DefaultSelector()
        self._workers: list[_Worker] = []
        self._database: SharedDatabase | None = None
        self._addresses: Addresses | None = None
        self._stop_by: float | None = None
        self._serving = False
        self._status = 0
        self._looked_at = 0.0

    def run(self) -> int:
        """The exit status, after all workers have ended; raises SensuError if they cannot start."""
        folder = make_folder(Path(self._settings.state_dir), "--state-dir").resolve()
        with contextlib.ExitStack() as stack:
            self._database = shared_database(folder, Durability(self._settings.durability))
            stack.callback(self._database.close)
            self._settings, kept = kept_ports(self._settings)
            for one in kept:
                stack.callback(one.close)
            self._addresses = Addresses(folder)
            stack.callback(self._addresses.close, self._settings.workers)
            self._prepare_workers(self._addresses)
            stack.enter_context(self._woken_by_signals())
            gc.collect()
            gc.freeze()
            self._supervise()
        return self._status

    def _prepare_workers(self, addresses: Addresses) -> None:
        for member in range(self._settings.workers):
            try:
                listener = addresses.listener(member)
            except OSError as err:
                raise StoreError(f"the workers cannot talk in {self._settings.state_dir}: {err.strerror}") from err
            self._workers.append(_Worker(member, listener))

    @contextlib.contextmanager
    def _woken_by_signals(self) -> Iterator[None]:
        """Signals end waits, and are handled between waits."""
        woken, wakes = socket.socketpair()
        woken.setblocking(False)
        wakes.setblocking(False)
        before = {number: signal.signal(number, self._hear_signal) for number in SIGNALS}
        descriptor = signal.set_wakeup_fd(wakes.fileno(), warn_on_full_buffer=False)
        self._selector.register(woken, selectors.EVENT_READ, None)
        try:
            yield
        finally:
            signal.set_wakeup_fd(descriptor)
            for number, handler in before.items():
                signal.signal(number, handler)
            self._selector.close()
            woken.close()
            wakes.close()

    def _hear_signal(self, number: int, _: FrameType | None) -> None:
        if number == signal.SIGHUP:
            self._signal_all(signal.SIGHUP)
        elif number != signal.SIGCHLD:
            self._stop()

    def _supervise(self) -> None:
        while self._stop_by is None or any(worker.pid for worker in self._workers):
            self._start_due()
            self._wait()
            self._reap()
            self._tell_end()
            self._kill_hung()
            if self._stop_by is not None and self._clock.monotonic() > self._stop_by:
                self._signal_all(signal.SIGKILL)

    def _start_due(self) -> None:
        """Start the first worker, the others when it is ready, and restart workers whose pause is over."""
        now = self._clock.monotonic()
        for worker in self._workers:
            may = worker.member == 0 or self._serving or self._workers[0].ready
            if self._stop_by is None and not worker.pid and may and now >= worker.start_at:
                self._start(worker, now)

    def _start(self, worker: _Worker, now: float) -> None:
        own, end = socket.socketpair()
        sys.stdout.flush()
        sys.stderr.flush()
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        pid = os.fork()
        if not pid:
            own.close()
            self._be_worker(worker, end)
        worker.pid, worker.end, worker.started_at = pid, own, now
        worker.ready = worker.drained = False
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        end.close()
        own.setblocking(False)
        self._selector.register(own, selectors.EVENT_READ, worker)
        log.info("worker started", extra=fields(worker=worker.member, pid=pid))

    def _be_worker(self, worker: _Worker, end: socket.socket) -> None:
        """Serve in the forked process; never returns."""
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in SIGNALS:
                signal.signal(number, signal.SIG_IGN if number == signal.SIGHUP else signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            for other in self._workers:
                if other.end is not None:
                    other.end.close()
                if other is not worker:
                    other.listener.close()
            os.environ.pop("NOTIFY_SOCKET", None)
            random.seed()
            assert self._database is not None
            assert self._addresses is not None
            share = Share(worker.member, self._settings.workers)
            context = WorkerContext(share, self._database, self._addresses, worker.listener, end)
            status = self._work(self._settings, context)
        except BaseException:
            log.exception("a worker failed", extra=fields(worker=worker.member))
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    def _wait(self) -> None:
        for key, _ in self._selector.select(self._wait_s()):
            heard = b""
            with contextlib.suppress(ConnectionResetError):
                heard = key.fileobj.recv(4096)  # type: ignore[union-attr]
            worker: _Worker | None = key.data
            if worker is None:
                continue
            if not heard:
                self._selector.unregister(key.fileobj)
            worker.heard_at = self._clock.monotonic()
            worker.ready = worker.ready or READY in heard
            worker.drained = worker.drained or DRAINED in heard
        if not self._serving and all(worker.ready for worker in self._workers):
            self._serving = True
            systemd.notify(systemd.READY)
            log.info(
                "backend is running and ready to accept events",
                extra=fields(version=VERSION, workers=len(self._workers)),
            )

    def _wait_s(self) -> float | None:
        now = self._clock.monotonic()
        times = [worker.start_at for worker in self._workers if not worker.pid and self._stop_by is None]
        times += [] if self._stop_by is None else [self._stop_by]
        times += [now + min(LOOK_S, systemd.watchdog_s() or LOOK_S)] if self._serving else []
        ahead = [at - now for at in times if at > now]
        return min(ahead) + 0.001 if ahead else None

    def _kill_hung(self) -> None:
        """Kill workers that do not report that they are alive; after a pause of this process, they get time to."""
        now = self._clock.monotonic()
        paused, self._looked_at = now - self._looked_at > 2 * LOOK_S, now
        if self._serving:
            systemd.notify(systemd.ALIVE)
        for worker in self._workers:
            if paused:
                worker.heard_at = now
            if worker.pid and worker.ready and now - worker.heard_at > HUNG_AFTER_S and self._stop_by is None:
                log.error(
                    "a worker does not answer and is killed",
                    extra=fields(worker=worker.member, pid=worker.pid, unheard_s=round(now - worker.heard_at)),
                )
                worker.ready = False
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker.pid, signal.SIGKILL)

    def _reap(self) -> None:
        for worker in self._workers:
            if not worker.pid:
                continue
            pid, status = os.waitpid(worker.pid, os.WNOHANG)
            if pid:
                self._ended(worker, os.waitstatus_to_exitcode(status))

    def _ended(self, worker: _Worker, status: int) -> None:
        """Schedule the restart of a worker that died; during the start of the backend, give up."""
        if worker.end is not None:
            with contextlib.suppress(KeyError):
                self._selector.unregister(worker.end)
            worker.end.close()
        now = self._clock.monotonic()
        worker.pid, worker.end = 0, None
        if self._stop_by is not None:
            self._status = self._status or (0 if status in (0, -signal.SIGTERM, -signal.SIGINT) else 1)
            return
        if not self._serving:
            self._status = status if status > 0 else 1
            self._stop()
            return
        lived_s = now - worker.started_at
        worker.pause_s = RESTART_PAUSE_S if lived_s > STEADY_S else worker.pause_s
        worker.start_at = now + worker.pause_s
        log.error(
            "a worker ended and is restarted",
            extra=fields(worker=worker.member, status=status, pause_s=worker.pause_s),
        )
        worker.pause_s = min(worker.pause_s * 2, RESTART_PAUSE_MAX_S)

    def _tell_end(self) -> None:
        """Let workers end: a worker that stops by itself, or all of them when none needs another."""
        running = [worker for worker in self._workers if worker.pid]
        for worker in running:
            alone = self._stop_by is None and worker.drained
            if worker.end is not None and (alone or all(each.drained for each in running)):
                with contextlib.suppress(OSError):
                    worker.end.send(END)

    def _stop(self) -> None:
        if self._stop_by is None:
            self._stop_by = self._clock.monotonic() + STOP_WITHIN_S
            systemd.notify(systemd.STOPPING)
            self._signal_all(signal.SIGTERM)

    def _signal_all(self, number: signal.Signals) -> None:
        for worker in self._workers:
            if worker.pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker.pid, number)
