"""Inputs of importers in which any value is of another type: they give valid resources or reasons, and never crash."""

import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sensu.files.values import values_of
from sensu.rules.importing import blackbox, gatus, nagios, prometheus, uptime_kuma
from sensu.rules.importing.imported import Imported
from sensu.rules.importing.nagios_objects import NagiosObjects
from sensu.sensuctl.review_text import reviewed_yaml
from tests.unit.rules.importing.imports import SAMPLES, checks

CHANGES = 40
ODD = (None, 0, -1, 1e300, True, "", "x", "{{ .y }}", "a\nb", "https://[", "::", [], [None], {}, {"a": 1}, "9" * 400)


def yaml_of(name: str) -> list[Any]:
    return [value for _, value in values_of((SAMPLES / name).read_text())]


def nagios_of(value: Any) -> Imported:
    objects = NagiosObjects()
    objects.read("a.cfg", str(value))
    return nagios.imported_from(objects, "s")


IMPORTERS: dict[str, tuple[Any, Callable[[Any], Imported]]] = {
    "uptime-kuma": (
        json.loads((SAMPLES / "uptime-kuma.json").read_text()),
        lambda value: uptime_kuma.imported_from(value, "s", 1_790_000_000.0),
    ),
    "gatus": (yaml_of("gatus.yaml")[0], lambda value: gatus.imported_from(value, "s", 1_790_000_000.0)),
    "prometheus": (yaml_of("rules.yml"), lambda value: prometheus.imported_from(value, "http://p", "s")),
    "blackbox": (
        [*yaml_of("blackbox.yml"), *yaml_of("prometheus.yml")],
        lambda value: blackbox.imported_from(blackbox.BlackboxFiles([("f.yml", one) for one in value]), "s"),
    ),
}


def places_in(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in a value with each of its keys."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in [*pairs]:
        yield value, key
        yield from places_in(inner)


@pytest.mark.parametrize("name", IMPORTERS)
def test_a_value_of_another_type_stops_nothing(name: str) -> None:
    """Each resource is valid whatever stands in one or two places of the input."""
    sample, convert = IMPORTERS[name]
    chosen = random.Random(name)
    for _ in range(CHANGES):
        changed = copy.deepcopy(sample)
        for _ in range(chosen.choice((1, 2))):
            container, key = chosen.choice([*places_in(changed)])
            container[key] = copy.deepcopy(chosen.choice(ODD))
        imported = convert(changed)
        checks(imported)
        found = list(values_of(reviewed_yaml(imported)))
        assert [value for _, value in found] == [json.loads(json.dumps(one.document())) for one in imported.resources]


def test_object_files_that_are_cut_or_damaged_stop_nothing() -> None:
    """Lines that are lost or doubled give valid resources or reasons."""
    lines = (SAMPLES / "nagios.cfg").read_text().splitlines()
    chosen = random.Random("nagios")
    for _ in range(CHANGES):
        changed = list(lines)
        for _ in range(3):
            at = chosen.randrange(len(changed))
            changed[at : at + 1] = chosen.choice(([], [changed[at]] * 2, ["  " + str(chosen.choice(ODD))], ["}"]))
        imported = nagios_of("\n".join(changed))
        checks(imported)
        reviewed_yaml(imported)
