"""The health that disks report about themselves."""

import json
import subprocess
from argparse import ArgumentParser, Namespace
from typing import Any

from sensu_check.finding import Finding, Measure, Status, Unknown, worst
from sensu_check.flags import range_of
from sensu_check.ranges import PERCENT, PLAIN

EXAMPLES = ("/dev/sda /dev/nvme0", "/dev/nvme0 --worn-warning 80% --temperature-critical 60")
_FAILING, _BELOW, _WAS_BELOW = 3, 4, 5
"""Bits of the exit status of smartctl (smartctl(8), EXIT STATUS)."""
_WORDS = {_FAILING: "the disk says that it is failing", _BELOW: "a value is below its limit"}
_COULD_NOT = 0b111


def add_flags(parser: ArgumentParser) -> None:
    """Add the flags of this check."""
    parser.add_argument("device", nargs="+", metavar="DEVICE")
    for name in ("warning", "critical"):
        parser.add_argument(f"--temperature-{name}", metavar="RANGE", type=range_of(PLAIN), help=f"{name} range in °C")
        parser.add_argument(
            f"--worn-{name}",
            metavar="RANGE",
            type=range_of(PERCENT),
            help=f"{name} range of the used part of an SSD's life",
        )
    parser.add_argument(
        "--smartctl", default="smartctl", metavar="PATH", help="the program smartctl (default: smartctl)"
    )


def check(args: Namespace) -> Finding:
    """Ask each disk."""
    findings = [_disk(args, device) for device in args.device]
    bad = [each.text for each in findings if each.overall != Status.OK]
    text = "; ".join(bad) or f"{', '.join(args.device)} healthy"
    return Finding(
        text, [measure for each in findings for measure in each.measures], worst(each.status for each in findings)
    )


def _disk(args: Namespace, device: str) -> Finding:
    status, about = _asked(args, device)
    problems = [words for bit, words in _WORDS.items() if status & 1 << bit]
    measures = []
    temperature = about.get("temperature", {}).get("current")
    if temperature is not None:
        measures.append(
            Measure(f"{device} temperature", temperature, "", args.temperature_warning, args.temperature_critical)
        )
    worn = about.get("nvme_smart_health_information_log", {}).get("percentage_used")
    if worn is not None:
        measures.append(Measure(f"{device} worn", worn, "%", args.worn_warning, args.worn_critical, 0))
    if about.get("smart_status", {}).get("passed") is False and not problems:
        problems.append(_WORDS[_FAILING])
    outside = [each for each in measures if each.status != Status.OK]
    notes = [f"{each.label.rpartition(' ')[2]} {each.value:g}{each.unit}" for each in outside]
    was_below = bool(status & 1 << _WAS_BELOW)
    if was_below and not problems:
        notes.append("a value was below its limit once")
    words = ", ".join(problems + notes) or "healthy"
    found = Status.CRITICAL if problems else Status.WARNING if was_below else Status.OK
    return Finding(f"{device}: {words}", measures, found)


def _asked(args: Namespace, device: str) -> tuple[int, dict[str, Any]]:
    try:
        done = subprocess.run(  # noqa: S603 - the arguments are fixed, and the device is behind --
            [args.smartctl, "--json", "--health", "--attributes", "--", device],
            capture_output=True,
            text=True,
            timeout=args.timeout,
            check=False,
        )
        about = json.loads(done.stdout)
    except FileNotFoundError:
        raise Unknown("this check needs smartctl: install the package smartmontools") from None
    except subprocess.TimeoutExpired:
        raise Unknown(f"{device} did not answer in time") from None
    except ValueError:
        raise Unknown(f"smartctl gave no JSON for {device}: it must be version 7 or newer") from None
    if done.returncode & _COULD_NOT:
        messages = about.get("smartctl", {}).get("messages", [])
        raise Unknown(f"{device}: {messages[0]['string'] if messages else 'smartctl could not ask it'}")
    return done.returncode, about
