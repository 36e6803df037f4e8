"""`sensu-check NAME`: checks of hosts and services that need nothing else."""

import os
import sys
import threading
import traceback
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import NoReturn, Protocol, cast

from sensu_check.finding import Failed, Finding, Late, Status
from sensu_check.flags import add_timeout
from sensu_check.formats import FORMATS, one_line
from sensu_check.summaries import SUMMARIES

PROGRAM = "sensu-check"
GRACE_S = 0.25


class CheckModule(Protocol):
    """What a module in `checks/` offers."""

    EXAMPLES: Sequence[str]
    """Arguments of examples, for the help."""

    def add_flags(self, parser: ArgumentParser) -> None:
        """Add the flags of this check."""
        ...

    def check(self, args: Namespace) -> Finding:
        """Carry out the check.

        Raises Failed with the finding, or OSError, which is a critical finding.
        """
        ...


class _Parser(ArgumentParser):
    """A parser whose errors are the output of a check: one line on stdout, and status 3."""

    def error(self, message: str) -> NoReturn:
        meant = self._meant(message.partition("unrecognized arguments: ")[2])
        remedy = meant or f"see {self.prog} --help"
        print(f"{self.prog.split()[-1].upper()} UNKNOWN: {message}; {remedy}")
        sys.exit(Status.UNKNOWN)

    def _meant(self, arguments: str) -> str:
        """The flag that was probably meant by the first of some unknown arguments."""
        name = arguments.partition(" ")[0].partition("=")[0]
        return (
            f"; did you mean {found}?" if name.startswith("--") and (found := _nearest(name, _flags_of(self))) else ""
        )


def main() -> None:
    """Run the check that the command line names, and exit with its status."""
    name, *arguments = sys.argv[1:] or ["--help"]
    if name in ("-h", "--help", "help"):
        print(_overview())
        sys.exit(Status.OK)
    if name == "--version":
        print(f"{PROGRAM} {_version()}")
        sys.exit(Status.OK)
    if name not in SUMMARIES:
        _refuse(name)
    check = cast(CheckModule, import_module(f"sensu_check.checks.{name.replace('-', '_')}"))
    args = parser_of(name, check).parse_args(arguments)
    finding = _finding(check, args)
    if args.invert:
        finding = finding.inverted()
    print(FORMATS[args.format](args.name or name, finding, args.verbose))
    sys.stdout.flush()
    # A check that did not end in time still has a thread that no exit can wait for.
    os._exit(finding.overall)


def _finding(check: CheckModule, args: Namespace) -> Finding:
    """What a check finds within its time.

    The check runs in a thread of its own because a look-up of a name can block longer than any signal waits.
    """
    found: list[Finding] = []
    thread = threading.Thread(target=lambda: found.append(_carried_out(check, args)), daemon=True)
    thread.start()
    # A check that keeps its own time says better what was late.
    thread.join(args.timeout + GRACE_S)
    if found:
        return found[0]
    return Finding(f"no result within {args.timeout:g} s", status=Status[args.timeout_status.upper()])


def _carried_out(check: CheckModule, args: Namespace) -> Finding:
    try:
        return check.check(args)
    except Late as err:
        return err.finding._replace(status=Status[args.timeout_status.upper()])
    except Failed as err:
        return err.finding
    except OSError as err:
        return Finding(str(err), status=Status.CRITICAL)
    except Exception as err:
        details = traceback.format_exc().splitlines()
        return Finding(f"{type(err).__name__}: {err}", status=Status.UNKNOWN, details=details)


def parser_of(name: str, check: CheckModule) -> ArgumentParser:
    """The parser of the arguments of a check."""
    examples = "\n".join(f"  {PROGRAM} {name} {each}".rstrip() for each in check.EXAMPLES)
    parser = _Parser(
        prog=f"{PROGRAM} {name}",
        description=f"{SUMMARIES[name]}.",
        epilog=f"Examples:\n{examples}\n\nRanges: 10 alerts outside 0 to 10, 10: below 10, ~:10 above 10, "
        "10:20 outside 10 to 20, @10:20 inside.\nExit status: 0 OK, 1 warning, 2 critical, 3 unknown.",
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    check.add_flags(parser)
    add_timeout(parser)
    parser.add_argument("--format", choices=tuple(FORMATS), default="nagios", help="output format (default: nagios)")
    parser.add_argument("--name", help=f"name at the start of the output (default: {name})")
    parser.add_argument("--invert", action="store_true", help="critical becomes OK, and OK critical")
    parser.add_argument("-v", "--verbose", action="store_true", help="print details below the result")
    return parser


def _overview() -> str:
    width = max(map(len, SUMMARIES)) + 2
    lines = (f"  {name:{width}}{summary}" for name, summary in SUMMARIES.items())
    return (
        f"usage: {PROGRAM} NAME [flags]\n\nChecks hosts and services. The exit status is 0 for OK, 1 for a warning, "
        "2 for critical and 3 for unknown.\n\n"
        + "\n".join(lines)
        + f"\n\n`{PROGRAM} NAME --help` lists the flags of a check, with examples."
    )


def _flags_of(parser: ArgumentParser) -> list[str]:
    return [flag for flag in parser._option_string_actions if flag.startswith("--")]


def _nearest(word: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - costs 5 ms at each start, and only mistakes need it

    return next(iter(get_close_matches(word, list(known), n=1)), "")


def _refuse(name: str) -> NoReturn:
    nearest = _nearest(name, SUMMARIES)
    remedy = f'did you mean "{nearest}"?' if nearest else f"{PROGRAM} --help lists them"
    print(f'{PROGRAM}: "{one_line(name)}" is not a check: {remedy}')
    sys.exit(Status.UNKNOWN)


def _version() -> str:
    from importlib.metadata import version  # noqa: PLC0415 - costs 30 ms at each start, and only --version needs it

    return version("sensu")
