"""Every kind has what belongs to a kind, in every table."""

import importlib

import pytest

from sensu.resources.kinds import ALL_KINDS, EVERY_KIND, HOOK_AS_RUN, LICENSE, TESSEN, Kind
from sensu.rules.kinds.table import KEEPING_A_NAMESPACE, RULES
from sensu.sensuctl.tree.contents import TREE

WITHOUT_RULES = {
    HOOK_AS_RUN: "it is a part of a check in an event",
}
WITHOUT_A_LIST = {
    LICENSE: "there is only one, which sensuctl shows",
    TESSEN: "there is only one, which sensuctl shows and changes",
}


@pytest.mark.parametrize("kind", [kind for kind in EVERY_KIND if kind not in WITHOUT_RULES], ids=repr)
def test_every_kind_has_rules_and_a_policy_for_its_namespace(kind: Kind) -> None:
    """Whether a resource prevents the deletion of its namespace is stated for each kind that belongs to one."""
    assert (RULES[kind].keeps_namespace is not None) is kind.namespaced


def test_no_exemption_is_out_of_date() -> None:
    """A kind that has rules by now needs no exemption."""
    assert RULES.keys().isdisjoint(WITHOUT_RULES)
    assert set(WITHOUT_A_LIST) <= set(ALL_KINDS)


@pytest.mark.parametrize("kind", ALL_KINDS, ids=repr)
def test_every_kind_that_is_kept_has_a_noun_of_sensuctl(kind: Kind) -> None:
    """The noun of the row is a command of sensuctl, whose resources are of that kind."""
    assert kind.noun in TREE
    if kind not in WITHOUT_A_LIST:
        module = importlib.import_module(f"sensu.sensuctl.tree.{kind.noun.replace('-', '_')}")
        assert module.NOUN.kind is kind


def test_resources_that_are_configured_keep_their_namespace() -> None:
    """A namespace with a check or a silence in it is not empty; events and roles do not count, as in the reference."""
    words = {kind.segment for kind in KEEPING_A_NAMESPACE}
    assert {"checks", "entities", "silenced"} <= words
    assert words.isdisjoint({"events", "roles", "rolebindings"})


@pytest.mark.parametrize("kind", RULES, ids=repr)
def test_what_can_be_asked_of_a_kind_is_called_after_it(kind: Kind) -> None:
    """Selectors of two kinds of an API group do not share a prefix, except for the forms of one kind."""
    prefix, group = RULES[kind].selectable.prefix, kind.api_version.partition("/")[0]
    rows = [other for other, its in RULES.items() if its.selectable.prefix == prefix]
    others = [other.segment for other in rows if other.api_version.partition("/")[0] == group]
    assert set(others) == {kind.segment}
