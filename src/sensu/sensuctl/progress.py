"""A progress bar for long work, shown only at a terminal."""

from types import TracebackType

from sensu.sensuctl.command import Context

WIDTH = 30
STEP = 50
"""How often the number is shown if the total is not known."""


class Progress:
    """A bar on standard error while the `with` block runs; nothing is shown if that is not a terminal.

    `deed` is what is done (`create`), `total` how many things there are, 0 where that is not known; `unit` what is
    counted.
    """

    def __init__(self, context: Context, deed: str, total: int = 0, *, unit: str = "") -> None:
        self._unit = f" {unit}" if unit else ""
        self._stream = context.stderr
        self._shown = self._stream.isatty() and context.environment.get("TERM") != "dumb" and total != 1
        self._deed, self._total = deed, total
        self._done, self._drawn = 0, ""

    def advance(self, count: int = 1) -> None:
        """Count finished things."""
        self._done += count
        if self._shown:
            self._draw()

    def clear(self) -> None:
        """Remove the bar so that something else can be written; the next step draws it again."""
        if self._drawn:
            self._stream.write(f"\r{' ' * len(self._drawn)}\r")
            self._drawn = ""

    def _draw(self) -> None:
        text = self._text()
        if text != self._drawn:
            self._stream.write("\r" + text.ljust(len(self._drawn)))
            self._stream.flush()
            self._drawn = text

    def _text(self) -> str:
        if not self._total:
            return f"{self._deed} {self._done - self._done % STEP}{self._unit}"
        percent = self._done * 100 // self._total
        filled = self._done * WIDTH // self._total
        return f"{self._deed} [{'#' * filled}{'.' * (WIDTH - filled)}] {percent:3d}% of {self._total}"

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()
        if self._shown:
            self._stream.flush()
