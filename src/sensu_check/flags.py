"""Flags that several checks share."""

from __future__ import annotations

import os
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

from sensu_check.finding import Unknown
from sensu_check.ranges import PLAIN, SECONDS, BadRange, Range, Units, parse_number, parse_range

SECRET_MAX = 64 * 1024


def range_of(units: Units = PLAIN) -> Callable[[str], Range]:
    """An argparse type for one range."""

    def parse(text: str) -> Range:
        try:
            return parse_range(text, units)
        except BadRange as err:
            raise ArgumentTypeError(str(err)) from None

    return parse


def ranges_of(*units: Units) -> Callable[[str], Sequence[Range | None]]:
    """An argparse type for ranges separated by commas; those that are missing, or empty, are None."""

    def parse(text: str) -> Sequence[Range | None]:
        parts = text.split(",")
        if len(parts) > len(units):
            raise ArgumentTypeError(f'"{text}" has {len(parts)} ranges, but at most {len(units)} are possible')
        parts += [""] * (len(units) - len(parts))
        return [range_of(each)(part) if part else None for part, each in zip(parts, units, strict=True)]

    return parse


def number_of(units: Units = PLAIN, above: float = 0) -> Callable[[str], float]:
    """An argparse type for a number that must be greater than `above`."""

    def parse(text: str) -> float:
        try:
            number = parse_number(text, units)
        except BadRange:
            allowed = f" with one of the units {', '.join(units)}" if units else ""
            raise ArgumentTypeError(f'"{text}" must be a number{allowed}') from None
        if number <= above:
            raise ArgumentTypeError(f'"{text}" must be greater than {above:g}')
        return number

    return parse


def add_thresholds(
    parser: ArgumentParser,
    what: str,
    *units: Units,
    warning: str | None = None,
    critical: str | None = None,
) -> None:
    """Add `--warning` and `--critical`: one range, or several that are separated by commas, one for each of `units`."""
    kind = range_of(units[0]) if len(units) == 1 else ranges_of(*units)
    shape = "RANGE" if len(units) == 1 else ",".join(["RANGE"] * len(units))
    for letter, name, default in (("w", "warning", warning), ("c", "critical", critical)):
        says = "" if default is None else f" (default: {default.replace('%', '%%')})"
        parser.add_argument(
            f"-{letter}", f"--{name}", metavar=shape, type=kind, default=default, help=f"{name} range of {what}{says}"
        )


def add_timeout(parser: ArgumentParser) -> None:
    """Add `--timeout` and the status that it gives."""
    parser.add_argument(
        *("-t", "--timeout"),
        metavar="TIME",
        type=number_of(SECONDS),
        default=10.0,
        help="time after which the check ends (default: 10s)",
    )
    parser.add_argument(
        "--timeout-status",
        choices=("warning", "critical", "unknown"),
        default="critical",
        help="status of a check that did not end in time (default: critical)",
    )


def add_family(parser: ArgumentParser) -> None:
    """Add `--ip4` and `--ip6`."""
    family = parser.add_mutually_exclusive_group()
    family.add_argument("--ip4", action="store_true", help="use IPv4 only")
    family.add_argument("--ip6", action="store_true", help="use IPv6 only")


def add_secret(parser: ArgumentParser, name: str, what: str) -> None:
    """Add flags that name an environment variable, or a file, with a secret.

    A secret itself is never a flag, because arguments are visible to every user of the host.
    """
    parser.add_argument(f"--{name}-env", metavar="NAME", help=f"environment variable with {what}")
    parser.add_argument(f"--{name}-file", metavar="PATH", help=f"file with {what} on its first line")


def secret(args: Namespace, name: str) -> str | None:
    """The secret that the flags of `add_secret` name; None if they were not given.

    Raises Unknown if the variable is not set or the file cannot be read.
    """
    variable, path = getattr(args, f"{name}_env"), getattr(args, f"{name}_file")
    if variable is not None:
        value = os.environ.get(variable)
        if value is None:
            raise Unknown(f"the environment variable {variable} (--{name}-env) is not set")
        return value
    if path is None:
        return None
    try:
        with Path(path).open(encoding="utf-8") as file:
            return file.readline(SECRET_MAX).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as err:
        raise Unknown(f"the file {path} (--{name}-file) cannot be read: {err}") from None
