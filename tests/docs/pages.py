"""The code blocks of README.md and docs/: what each is, and where it stands."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

CHECKOUT = Path(__file__).resolve().parents[2]
README = CHECKOUT / "README.md"
PAGES = (README, *sorted((CHECKOUT / "docs").rglob("*.md")))
GENERATED = {CHECKOUT / "docs" / "sensuctl" / "reference.md"}
METRIC_FORMATS = {
    "points",
    "nagios_perfdata",
    "graphite_plaintext",
    "influxdb_line",
    "opentsdb_line",
    "prometheus_text",
}
LANGUAGES = {"sh", "console", "text", "yaml", "json", "graphql", "ini", "javascript", *METRIC_FORMATS}
"""`sh` runs as it is; `console` and `text` are for reading: what needs root, systemd or another machine, and output.

Output in a metric format is read by the tests of that format, `javascript` by those of expressions.
"""
_FENCE = re.compile(r'^```(\S*)(?: title="([^"\n]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
_SERVER = re.compile(r"\s*(?:(sensu-backend|sensu-agent) start|python3 -m (http\.server))\b")


class Block(NamedTuple):
    """A fenced block; `place` is its page and line, `title` the file that readers save it in, if any."""

    place: str
    language: str
    title: str
    text: str

    @property
    def server(self) -> str:
        """The program that the block starts and that keeps running; empty if the block ends by itself."""
        match = _SERVER.match(self.text.strip().splitlines()[-1])
        return match[1] or match[2] if match else ""

    @property
    def is_resource(self) -> bool:
        """Whether it is YAML for `sensuctl create`; other YAML is a configuration file."""
        return self.language == "yaml" and "type:" in self.text

    @property
    def targets(self) -> list[str]:
        """The targets of a block that only calls make; empty for any other."""
        lines = [line.split() for line in self.text.splitlines() if line.strip()]
        return [words[1] for words in lines] if all(words[0] == "make" for words in lines) else []


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of a page in order."""
    text = page.read_text()
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        yield Block(f"{page.relative_to(CHECKOUT)}:{line}", match[1], match[2] or "", match[3])
