"""Judgements that bench prints; what it measures is not tested here."""

import json

import pytest
from bench.figures import MORE, Figure, as_json, loaded, markdown
from bench.soak import Sample, judged
from bench.targets import JSON_CPU, JSON_RATE
from bench.targets import judged as by_targets


def sample(at_s: float, memory_mib: float = 100.0, p50_ms: float = 2.0) -> Sample:
    return Sample(at_s, 5000.0, memory_mib, 60.0, p50_ms, 9.0, 50.0, 40.0)


def test_a_steady_soak_is_flat() -> None:
    """Values that wander about a mean are flat, whatever the first moments were."""
    samples = [sample(n, 60.0 if n == 0 else 100.0 + n % 3, 2.0 + n % 2) for n in range(30)]
    assert all(verdict.flat for verdict in judged(samples))


@pytest.mark.parametrize("grows", ["memory_mib", "p50_ms"])
def test_a_soak_in_which_something_grows_is_not_flat(grows: str) -> None:
    """What is a third larger in the end than at first is told, and nothing else is blamed."""
    samples = [sample(n, **{grows: (100.0 if grows == "memory_mib" else 20.0) * (1 + n / 30)}) for n in range(30)]
    assert [verdict.of for verdict in judged(samples) if not verdict.flat] == [grows]


def test_figures_are_judged_by_their_targets() -> None:
    """More or less is better as the figure says; a relative target follows the figure that it refers to."""
    stored = "100,000 events stored"
    figures = [
        Figure(JSON_RATE, "events/s", 21_000, MORE),
        Figure(JSON_CPU, "CPU ms", 50),
        Figure(f"{JSON_RATE}, {stored}", "events/s", 16_000, MORE),
        Figure(f"{JSON_CPU}, {stored}", "CPU ms", 59),
    ]
    reached = [line.split("|")[-2].strip() for line in by_targets(figures, {}).splitlines()[2:]]
    assert reached == ["yes", "**no**", "**no**", "yes"]


def test_saved_figures_are_read_again() -> None:
    """What was saved prints the same table, the other server's figures and ratios included."""
    ours = [Figure("rate", "events/s", 20.0, MORE), Figure("time", "ms", 3.0)]
    theirs = {"rate": Figure("rate", "events/s", 5.0, MORE)}
    text = as_json(ours, theirs)
    assert loaded(text) == (ours, theirs)
    assert json.loads(text)["rate"]["times"] == "4.0"
    assert "| rate | 20 | events/s | 5 | 4.0 |" in markdown(ours, theirs)
