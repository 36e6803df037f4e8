"""The age and the size of a file."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from sensu_check import clock
from sensu_check.finding import Finding, Measure, Status
from sensu_check.flags import add_thresholds, range_of
from sensu_check.network import failed
from sensu_check.ranges import BYTES, SECONDS
from sensu_check.words import age_words, size_words

EXAMPLES = ("/var/backups/db.dump -w 26h -c 50h --size-critical 1Mi:", "/run/app.lock -c 10m --missing ok")


def add_flags(parser: ArgumentParser) -> None:
    """Add the flags of this check."""
    parser.add_argument("path", metavar="PATH", help="the file")
    add_thresholds(parser, "the time since the last change", SECONDS)
    for name in ("warning", "critical"):
        parser.add_argument(f"--size-{name}", metavar="RANGE", type=range_of(BYTES), help=f"{name} range of the size")
    parser.add_argument(
        "--missing",
        choices=("ok", "warning", "critical"),
        default="critical",
        help="status if the file does not exist (default: critical)",
    )


def check(args: Namespace) -> Finding:
    """Compare the file with its ranges."""
    try:
        found = Path(args.path).stat()
    except FileNotFoundError:
        return Finding(f"{args.path} does not exist", status=Status[args.missing.upper()])
    except OSError as err:
        raise failed(args.path, err) from None
    age = round(clock.now() - found.st_mtime)
    return Finding(
        f"{args.path} changed {age_words(age)} ago and has {size_words(found.st_size)}",
        [
            Measure("age", max(age, 0), "s", args.warning, args.critical, 0),
            Measure("size", found.st_size, "B", args.size_warning, args.size_critical, 0),
        ],
    )
