"""Builds the web UI with `make web` while everything else runs already."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent
WEB = CHECKOUT / "src" / "sensu" / "web"
QUESTION_S = 30


class WebBuild:
    """A build in the background; none where the web UI is as new as its sources."""

    def __init__(self, log: Path) -> None:
        """What the build says is written to `log`."""
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = time.monotonic()
        self._missing = ""

    def start(self) -> None:
        """Start the build. A web UI of older sources is set aside, so that the backend waits for the new one."""
        make = shutil.which("make")
        if make is None:
            self._missing = "" if (WEB / "dist").exists() else "could not be built: make is missing"
            return
        if is_built(make):
            return
        if (WEB / "dist").exists():
            shutil.rmtree(WEB / "dist.old", ignore_errors=True)
            (WEB / "dist").rename(WEB / "dist.old")
        with self._log.open("wb") as sink:
            command = [make, "-C", str(CHECKOUT), "--silent", "web"]
            self._process = subprocess.Popen(command, stdout=sink, stderr=sink, start_new_session=True)  # noqa: S603

    def stop(self) -> None:
        """End a build that has not ended, with all that it started."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            self._process.wait()

    @property
    def runs(self) -> bool:
        """Whether the web UI is being built."""
        return self._process is not None and self._process.poll() is None

    def state(self, url: str) -> list[str]:
        """What to say of the web UI, in one line or two; `url` is where it is when it is built."""
        if self._missing:
            return [self._missing]
        if self._process is None:
            return [url]
        status = self._process.poll()
        if status is None:
            return [f"building ({time.monotonic() - self._started_at:.0f} s), then at {url}"]
        return [url] if status == 0 else self._problem()

    def _problem(self) -> list[str]:
        """The last two lines that the build said of its failure."""
        said = [line for line in self._log.read_text(errors="replace").splitlines() if line.strip()]
        words = [line.removeprefix("the web UI ") for line in said if not line.startswith("make")]
        return words[-2:] or [f"could not be built: see {self._log}"]


def is_built(make: str) -> bool:
    """Whether the web UI is as new as its sources."""
    asked = [make, "-C", str(CHECKOUT), "--question", "--silent", "web"]
    try:
        return subprocess.run(asked, capture_output=True, timeout=QUESTION_S, check=False).returncode == 0  # noqa: S603
    except subprocess.TimeoutExpired:
        return False
