"""JSON-lines logging with the reference's field names: `component`, `level`, `msg`, `time`, and what the caller adds.

A caller adds fields with `extra=fields(name=value)`. No secret, token or password may be among them.
Source: docs, "Log Sensu services".
"""

import json
import logging
import sys
import time
from typing import Any, TextIO

from sensu.terminal_text import clean_json

LEVELS = {
    "panic": logging.CRITICAL,
    "fatal": logging.CRITICAL,
    "error": logging.ERROR,
    "warn": logging.WARNING,
    "info": logging.INFO,
    "debug": logging.DEBUG,
    "trace": logging.DEBUG - 5,
}
"""The level names that flags take."""

_NAMES = {level: name for name, level in reversed(LEVELS.items())} | {
    logging.CRITICAL: "fatal",
    logging.WARNING: "warning",
}
"""The level names in lines; one differs from the flag's, as in the reference."""


def fields(**values: Any) -> dict[str, Any]:
    """The `extra` argument that puts `values` on a log line."""
    return {"fields": values}


class JSONLines(logging.Formatter):
    """One JSON object a line; control and format characters are escapes, for logs are read at terminals."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of JSON."""
        line: dict[str, Any] = {
            "component": record.name.removeprefix("sensu."),
            "level": _NAMES.get(record.levelno, record.levelname.lower()),
            "msg": record.getMessage(),
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + "Z",
        }
        line.update(getattr(record, "fields", {}))
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = f"{type(record.exc_info[1]).__name__}: {record.exc_info[1]}"
            if record.levelno <= logging.DEBUG or record.levelno >= logging.CRITICAL:
                line["traceback"] = self.formatException(record.exc_info)
        return clean_json(json.dumps(line, default=str, ensure_ascii=False))


def configure(level: str, stream: TextIO = sys.stderr) -> None:
    """Send the program's log as JSON lines to `stream`, from the named level up."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JSONLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("sensu").setLevel(LEVELS[level])
