"""`sensuctl handler test NAME`: whether messages arrive."""

from typing import Any

from sensu.resources.kinds import HANDLER
from sensu.rules.handler_test import FAILED, OK
from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.output import show_value
from sensu.sensuctl.paths import resource_path
from sensu.terminal_text import clean

STATUS_MAX, INDEX_MAX = 2**32 - 1, 31


def test_handler(context: Context) -> None:
    """`sensuctl handler test NAME`, with the exit status 1 if anything failed."""
    asked: dict[str, Any] = {
        "status": _number(context, "status", STATUS_MAX),
        "resolve": bool(context.flag("resolve")),
        "dry_run": bool(context.flag("dry-run")),
    }
    if context.text("url-index"):
        asked["url_index"] = _number(context, "url-index", INDEX_MAX)
    path = f"{resource_path(HANDLER, context.namespace, *context.words)}/test"
    report = context.session.call("POST", path, asked).json()
    if not show_value(context, report):
        show_report(context, report, is_dry=asked["dry_run"])
    failed = [one for one in report.get("targets") or () if one.get("outcome") == FAILED]
    if failed:
        raise CommandFailed(f"the test failed for {len(failed)} of {len(report['targets'])} targets")


def _number(context: Context, flag: str, most: int) -> int:
    text = context.text(flag)
    if not (text.isascii() and text.isdecimal() and int(text) <= most):
        raise CommandFailed(f"--{flag} must be a number from 0 to {most}, not {text}")
    return int(text)


def show_report(context: Context, report: Any, *, is_dry: bool) -> None:
    """Show the message of a dry run, and what came of the test for each target."""
    if is_dry and report.get("title"):
        context.print(clean(report["title"]))
        context.print()
        for line in str(report.get("text") or "").splitlines():
            context.print(clean(line))
        context.print()
    targets = report.get("targets") or ()
    width = max((len(clean(one.get("target", ""))) for one in targets), default=0)
    for one in targets:
        context.print(clean(f"{one.get('target', ''):{width}}   {_outcome(one)}"))


def _outcome(target: Any) -> str:
    if target.get("outcome") == OK:
        return f"sent in {1000 * float(target.get('seconds') or 0):.0f} ms"
    if target.get("outcome") == FAILED:
        return f"failed: {target.get('why', '')}"
    return "not sent (dry run)"
