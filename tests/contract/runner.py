"""Runs every recording of a folder against our programs and counts what passes.

`python -m tests.contract.runner [--contract DIR] [--kind KIND ...] [--only TEXT] [--due-only] [--part K/N]`

The last line is `N passed, N failed` alone; the exit status is 1 if anything failed. What is counted: the steps of
`api`, the cases of files that hold several, otherwise whole scenarios.
"""

import argparse
import asyncio
import contextlib
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from tests.contract import agent_local_kind, api_kind, pipeline_kind, sensuctl_kind, transport_kind, units_kind
from tests.contract.backend_process import BackendFactory
from tests.contract.departures import Departures
from tests.contract.due import due_scenarios
from tests.contract.processes import REPO
from tests.contract.scenario import KINDS, CaseResult, Scenario, ScenarioFailed, ScenarioResult

DEFAULT_CONTRACT = REPO.parent / "shared" / "contract"
DEFAULT_JOBS = 4
CASES_NAMED_MAX = 3


def main(argv: Sequence[str] | None = None) -> int:
    """The exit status of a run with these arguments."""
    options = _options(argv)
    if not options.contract.is_dir():
        print(f"there is no folder {options.contract}\n0 passed, 0 failed")
        return 1
    results = asyncio.run(run(options))
    if not results and not options.due_only:
        print("no recording was selected\n0 passed, 0 failed")
        return 1
    return _report_total(results)


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.contract.runner", description=__doc__.splitlines()[0])
    parser.add_argument("--contract", type=Path, default=DEFAULT_CONTRACT, help="the folder of recordings")
    parser.add_argument("--kind", action="append", choices=KINDS, help="only this kind (may be repeated)")
    parser.add_argument("--only", default="", help="only scenarios whose name contains this text")
    parser.add_argument("--due-only", action="store_true", help="only the scenarios named in due.txt")
    parser.add_argument("--part", type=_part, default=(1, 1), metavar="K/N", help="only the K-th of N equal parts")
    parser.add_argument("--strict", action="store_true", help="accept the recordings only, no departures")
    parser.add_argument("--workers", type=int, default=1, help="how many workers each backend has")
    parser.add_argument("--slow", action="store_true", help="also the scenarios that take more than five minutes")
    parser.add_argument("--jobs", type=int, default=DEFAULT_JOBS, help="how many scenarios play at once")
    parser.add_argument(
        "--time-limit", type=float, default=3600, metavar="SECONDS", help="what is not done then, failed"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="print what failed only")
    options = parser.parse_args(argv)
    options.contract = options.contract.resolve()
    return options


def _part(text: str) -> tuple[int, int]:
    number, of = (int(word) for word in text.split("/"))
    if not 1 <= number <= of:
        raise ValueError(text)
    return number, of


async def run(options: argparse.Namespace) -> list[ScenarioResult]:
    """Plays what the options select and prints each scenario's verdict as it comes."""
    with tempfile.TemporaryDirectory(prefix="sensu-contract-", ignore_cleanup_errors=True) as folder:
        async with _selected(options, Path(folder)) as chosen:
            return await _all_played(chosen, options)


async def _all_played(chosen: list[Scenario], options: argparse.Namespace) -> list[ScenarioResult]:
    gate, results = asyncio.Semaphore(max(1, options.jobs)), []
    tasks = {asyncio.create_task(_gated(scenario, gate)): scenario for scenario in chosen}
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: [task.cancel() for task in tasks])
    deadline = time.monotonic() + options.time_limit
    waiting = set(tasks)
    while waiting:
        done, waiting = await asyncio.wait(
            waiting, timeout=max(0.0, deadline - time.monotonic()), return_when=asyncio.FIRST_COMPLETED
        )
        if not done:
            for task in waiting:
                task.cancel()
            done, waiting = await asyncio.wait(waiting)
        for task in done:
            result = broken_off(tasks[task], "the run was ended") if task.cancelled() else task.result()
            results.append(result)
            print_result(result, quiet=options.quiet)
    return results


@contextlib.asynccontextmanager
async def _selected(options: argparse.Namespace, folder: Path) -> AsyncIterator[list[Scenario]]:
    contract = options.contract
    departures = Departures([]) if options.strict else Departures.from_file()
    backends = BackendFactory(folder, options.workers)
    async with api_kind.SharedBackends(backends, folder) as shared:
        makers = {
            "units": lambda: units_kind.scenarios(contract, departures),
            "transport": lambda: transport_kind.scenarios(contract, backends, departures),
            "agent-local": lambda: agent_local_kind.scenarios(contract, departures),
            "pipeline": lambda: pipeline_kind.scenarios(contract, backends, departures),
            "sensuctl": lambda: sensuctl_kind.scenarios(contract, backends, departures),
            "api": lambda: api_kind.scenarios(contract, shared, departures, slow=options.slow, strict=options.strict),
        }
        found = [one for kind in KINDS if kind in (options.kind or KINDS) for one in makers[kind]()]
        due = due_scenarios() if options.due_only else None
        chosen = [one for one in found if options.only in one.name and (due is None or (one.kind, one.name) in due)]
        yield part_of(chosen, *options.part)


def part_of(scenarios: Sequence[Scenario], number: int, of: int) -> list[Scenario]:
    """The first, second ... of so many parts, which take about the same time; the longest scenarios come first."""
    return sorted(scenarios, key=lambda one: one.timeout_s, reverse=True)[number - 1 :: of]


async def _gated(scenario: Scenario, gate: asyncio.Semaphore) -> ScenarioResult:
    async with gate:
        return await played(scenario)


async def played(scenario: Scenario) -> ScenarioResult:
    """The verdicts on a scenario; whatever breaks it off is the reason for which all its cases fail."""
    started = time.monotonic()
    try:
        cases = await asyncio.wait_for(scenario.play(), scenario.timeout_s)
    except ScenarioFailed as failure:
        reason = str(failure)
    except TimeoutError:
        reason = f"not at its end after {time.monotonic() - started:.0f} s"
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
    else:
        return ScenarioResult(scenario.kind, scenario.name, cases)
    return broken_off(scenario, reason)


def broken_off(scenario: Scenario, reason: str) -> ScenarioResult:
    """All cases of a scenario failed for one reason."""
    return ScenarioResult(scenario.kind, scenario.name, [CaseResult(name, [reason]) for name in scenario.case_names])


def print_result(result: ScenarioResult, *, quiet: bool) -> None:
    """Prints a scenario's verdict: a line, and below it what differs."""
    failed = [case for case in result.cases if not case.passed]
    if quiet and not failed:
        return
    count = f" ({len(result.cases) - len(failed)} of {len(result.cases)})" if len(result.cases) != 1 else ""
    print(f"{'FAIL' if failed else 'ok  '} {result.kind} {result.scenario}{count}")
    texts: dict[str, list[str]] = {}
    for case in result.cases:
        for problem in case.problems:
            texts.setdefault(problem, []).append(case.name)
        for reason in () if quiet else case.on_purpose:
            texts.setdefault(f"on purpose: {reason}", []).append(case.name)
    for text, names in texts.items():
        print(f"       {_subjects(names, result.scenario)}{text}")
    sys.stdout.flush()


def _subjects(names: list[str], scenario: str) -> str:
    """Which cases a text is about; of many the first and how many."""
    if names == [scenario]:
        return ""
    few = names if len(names) <= CASES_NAMED_MAX else [names[0], f"and {len(names) - 1} more cases"]
    return ", ".join(few) + ": "


def _report_total(results: list[ScenarioResult]) -> int:
    verdicts = [case.passed for result in results for case in result.cases]
    failed = verdicts.count(False)
    for kind in KINDS:
        own = [case.passed for result in results if result.kind == kind for case in result.cases]
        if own:
            print(f"{kind}: {own.count(True)} passed, {own.count(False)} failed")
    print(f"{verdicts.count(True)} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        status = main()
    except BrokenPipeError:  # whoever read the report has seen enough
        sys.stdout = None
        status = 1
    sys.exit(status)
