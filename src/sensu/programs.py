"""The entry points of the programs: Ctrl-C ends them without a traceback, also while they are being loaded."""

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

EXIT_INTERRUPTED = 130


def backend() -> None:
    """Run `sensu-backend`."""
    _refuse_windows("sensu-backend")
    before = _end_at_ctrl_c()
    from sensu.backend.main import main  # noqa: PLC0415 - loaded under the guard

    _run(main, before)


def agent() -> None:
    """Run `sensu-agent`."""
    _refuse_windows("sensu-agent")
    before = _end_at_ctrl_c()
    from sensu.agent.main import main  # noqa: PLC0415 - loaded under the guard

    _run(main, before)


def sensuctl() -> None:
    """Run `sensuctl`."""
    before = _end_at_ctrl_c()
    from sensu.sensuctl.main import main  # noqa: PLC0415 - loaded under the guard

    _run(main, before)


def notify() -> None:
    """Run `sensu-notify`."""
    before = _end_at_ctrl_c()
    from sensu.notify.command import main  # noqa: PLC0415 - loaded under the guard

    _run(main, before)


def _refuse_windows(program: str) -> None:
    """End with a message on Windows, which has no process groups and no `fork`."""
    if os.name == "nt":
        print(f"{program} does not run on Windows: it needs Linux. sensuctl runs on Windows too.", file=sys.stderr)
        sys.exit(1)


def _end_at_ctrl_c() -> bool:
    """End the process at Ctrl-C from now on; false, and nothing changed, if Ctrl-C is ignored, as in the background."""
    heard = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if heard:
        signal.signal(signal.SIGINT, _end)
    return heard


def _end(number: int, frame: FrameType | None) -> None:
    os._exit(EXIT_INTERRUPTED)


def _run(main: Callable[[], None], heard: bool) -> None:
    try:
        if heard:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        main()
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
