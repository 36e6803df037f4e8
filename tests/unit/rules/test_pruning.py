"""Which kinds and resources are pruned."""

import pytest

from sensu.errors import InvalidResource
from sensu.resources.kinds import ALL_KINDS, CHECK, CLUSTER_ROLE, HANDLER, LICENSE, ROLE
from sensu.rules.pruning import NOT_PRUNED, ConfiguredPlace, PruningCandidate, is_pruned, pruned_kinds

PLACE = ConfiguredPlace("CheckConfig", "core/v2", "dev", "cpu")
MANAGED = {"sensu.io/managed_by": "sensuctl"}


def test_kinds_are_pruned_once_and_those_that_refer_to_others_first() -> None:
    """Types are named as people name them; cluster-wide ones only if they are asked for."""
    words = ("core/v2.CheckConfig", "checks", "Handler", "clusterroles", "roles")
    assert pruned_kinds(words, cluster_wide=False) == [HANDLER, CHECK, ROLE]
    assert pruned_kinds(words, cluster_wide=True)[-1] == CLUSTER_ROLE
    everything = pruned_kinds(("all",), cluster_wide=True)
    assert set(everything) == set(ALL_KINDS) - NOT_PRUNED
    assert LICENSE in NOT_PRUNED


@pytest.mark.parametrize(
    "word", ["users", "events", "license", "apikeys", "namespaces", "nothing", "core/v2.Check", ""]
)
def test_types_that_do_not_say_who_manages_them_are_refused(word: str) -> None:
    """So are words that are no types of stored resources."""
    with pytest.raises(InvalidResource, match="types: "):
        pruned_kinds((word,), cluster_wide=True)


@pytest.mark.parametrize(
    ("candidate", "authors", "expected"),
    [
        (PruningCandidate(PLACE, MANAGED, "bob"), None, True),
        (PruningCandidate(PLACE, MANAGED, "bob"), {"bob"}, True),
        (PruningCandidate(PLACE, MANAGED, "bob"), {"eve"}, False),
        (PruningCandidate(PLACE, {}, "bob"), None, False),
        (PruningCandidate(PLACE, {"sensu.io/managed_by": "sensu-agent"}, "bob"), None, False),
        (PruningCandidate(PLACE._replace(name="kept"), MANAGED, "bob"), None, False),
    ],
)
def test_only_what_sensuctl_manages_and_is_not_kept_is_pruned(
    candidate: PruningCandidate, authors: set[str] | None, *, expected: bool
) -> None:
    """A resource is pruned if sensuctl created it for one of the users and the configuration lacks it."""
    assert is_pruned(candidate, {PLACE._replace(name="kept")}, authors) is expected
