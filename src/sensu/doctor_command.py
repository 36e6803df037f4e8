"""What the `doctor` commands of agent and backend have in common: help, and settings that are wrong."""

from collections.abc import Callable
from typing import TextIO

from sensu.diagnosis_report import report
from sensu.errors import SensuError
from sensu.rules.diagnosis import PROBLEM, Diagnosis
from sensu.settings import HelpText


def exit_status_of(examine: Callable[[], int], program: str, stdout: TextIO) -> int:
    """The exit status of `examine`; help is printed instead of findings, and an error is a finding of its own."""
    try:
        return examine()
    except HelpText as asked:
        stdout.write(str(asked))
        return 0
    except SensuError as err:
        remedy = f"all settings: {program} start --help"
        return report([Diagnosis("settings", PROBLEM, str(err), remedy)], "text", stdout)
