"""What a check prints, and what the agent makes of it."""

import json
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import cast

import pytest

from sensu.rules.metrics.extract import extract
from sensu_check.finding import Finding, Measure, Status
from sensu_check.formats import FORMATS
from sensu_check.main import CheckModule, parser_of
from sensu_check.ranges import Range
from sensu_check.summaries import SUMMARIES
from tests.checks.conftest import PROGRAM, Run

FINDING = Finding(
    "/var 86% | full",
    [
        Measure("/var", 86.5, "%", Range(0, 80), Range(0, 90), 0, 100),
        Measure("it's a=b", 0.25, "s"),
        Measure("requests", 3, "c"),
    ],
    details=["first", "second\x1b[31m"],
)


def test_the_nagios_format_is_that_of_the_guidelines() -> None:
    """Labels are quoted where they must be, ranges follow the value, and no text can end the line."""
    assert FORMATS["nagios"]("disk", FINDING, verbose=True).splitlines() == [
        "DISK WARNING: /var 86% / full | /var=86.5%;80;90;0;100 'it''s a_b'=0.25s requests=3c",
        "first",
        "second [31m",
    ]


@pytest.mark.parametrize(
    ("name", "agents_name", "expected"),
    [
        ("nagios", "nagios_perfdata", [86.5, 0.25, 3]),
        ("prometheus", "prometheus_text", [86.5, 0.25, 3, 1]),
        ("influx", "influxdb_line", [1, 86.5, 0.25, 3]),
    ],
)
def test_the_agent_reads_every_format(name: str, agents_name: str, expected: list[float]) -> None:
    """`output_metric_format` of a check makes points of all measures, and refuses no line."""
    found = extract(
        agents_name, FORMATS[name]("disk", FINDING, verbose=False), executed=1_700_000_000, now=1_700_000_000
    )
    assert (found.refused, [point["value"] for point in found.points]) == (0, expected)


def test_json_has_everything() -> None:
    """Programs need not parse the text."""
    shown = json.loads(FORMATS["json"]("disk", FINDING, verbose=False))
    assert (shown["status"], shown["state"], shown["text"]) == (1, "WARNING", "/var 86% | full")
    assert shown["measures"][0] == {
        "label": "/var",
        "value": 86.5,
        "unit": "%",
        "warning": "80",
        "critical": "90",
        "min": 0,
        "max": 100,
    }


@pytest.mark.parametrize("name", SUMMARIES)
def test_the_examples_in_the_help_of_every_check_are_valid(name: str) -> None:
    """Whoever copies an example gets no complaint about its flags."""
    check = cast(CheckModule, import_module(f"sensu_check.checks.{name.replace('-', '_')}"))
    parser = parser_of(name, check)
    assert check.EXAMPLES
    for example in check.EXAMPLES:
        assert f"sensu-check {name} {example}".rstrip() in parser.format_help()
        parser.parse_args(shlex.split(example, comments=True))


def test_the_list_of_checks_is_the_folder(run: Run) -> None:
    """`sensu-check --help` lists each check, and a wrong name gets the nearest one."""
    shown = run("--help").output
    assert [name for name in SUMMARIES if f"\n  {name} " not in shown] == []
    assert run("htpp").line == 'sensu-check: "htpp" is not a check: did you mean "http"?'
    assert run("htpp").status == Status.UNKNOWN
    flag = run("http", "--warnin", "1", "http://a").line
    assert flag.startswith("HTTP UNKNOWN: unrecognized arguments: --warnin")
    assert flag.endswith("; did you mean --warning?")


@pytest.mark.parametrize(
    "arguments",
    [
        ("load", "-w", "20:10"),
        ("load", "-w", "1,2,3,4"),
        ("disk", "--no-such-flag"),
        ("http",),
        ("memory", "-t", "0"),
        ("ping", "127.0.0.1", "--ip4", "--ip6"),
    ],
)
def test_wrong_arguments_are_unknown_on_one_line(arguments: tuple[str, ...], run: Run) -> None:
    """A mistake in a command is never OK, and it is shown where the result would be."""
    ran = run(*arguments)
    assert ran.status == Status.UNKNOWN
    assert len(ran.output.splitlines()) == 1
    assert f"{arguments[0].upper()} UNKNOWN: " in ran.line


def test_a_check_loads_only_what_it_needs() -> None:
    """Checks of the host start without the libraries of the network."""
    program = "; ".join(
        [
            "import sys, os",
            "sys.argv = ['sensu-check', 'load']",
            "os._exit = lambda status: sys.stderr.write(' '.join(sorted(sys.modules)))",
            PROGRAM[-1],
        ]
    )
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True, timeout=60)
    loaded = set(done.stderr.split())
    assert "sensu_check.checks.load" in loaded
    assert (
        loaded & {"sensu", "asyncio", "psutil", "ssl", "socket", "json", "http", "dns", "cryptography", "subprocess"}
        == set()
    )


@pytest.mark.parametrize(
    ("found", "inverted"),
    [
        (Status.OK, Status.CRITICAL),
        (Status.CRITICAL, Status.OK),
        (Status.WARNING, Status.WARNING),
        (Status.UNKNOWN, Status.UNKNOWN),
    ],
)
def test_an_inverted_check_is_fine_when_what_it_looks_at_fails(found: Status, inverted: Status) -> None:
    """OK and critical are exchanged, also if a range decided; a check that could not find out stays unknown."""
    alerting = Measure("age", 5, "s", critical=Range(0, 1))
    assert Finding("x", status=found).inverted().overall == inverted
    assert Finding("x", [alerting]).inverted().overall == Status.OK


def test_invert_is_a_flag_of_every_check(run: Run, tmp_path: Path) -> None:
    """A file that must not exist is a file whose check is inverted."""
    assert run("file-age", tmp_path / "none", "--missing", "critical", "--invert").status == Status.OK
    assert run("file-age", tmp_path, "--invert").line.startswith("FILE-AGE CRITICAL")
