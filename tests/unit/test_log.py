"""The lines of a program's log."""

import io
import json
import logging
import unicodedata

from sensu.log import JSONLines, fields

HOSTILE = "a\x1b]0;owned\x07\x9b2J\x7f\u202etxt.exe\u200b\u2028z"


def test_a_log_line_is_safe_to_read_at_a_terminal() -> None:
    """What agents and clients sent is in the log with the same value, its control and format characters as escapes."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JSONLines())
    record = logging.LogRecord("sensu.agentd", logging.INFO, "", 0, f"from {HOSTILE}", None, None)
    record.__dict__.update(fields(entity=HOSTILE))
    handler.emit(record)
    line = stream.getvalue()
    assert [one for one in line[:-1] if unicodedata.category(one) in ("Cc", "Cf", "Zl", "Zp")] == []
    content = json.loads(line)
    assert (content["msg"], content["entity"]) == (f"from {HOSTILE}", HOSTILE)
