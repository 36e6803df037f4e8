"""How people call types of resources."""

import pytest

from sensu.resources.kinds import ALL_KINDS, CHECK, CHECK_AS_RUN, ENTITY_CONFIG, HANDLER, HOOK_AS_RUN, kind_of_type
from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.type_names import kind_named, kinds_named


@pytest.mark.parametrize("word", ["checks", "CheckConfig", "check_config", "core/v2.CheckConfig"])
def test_a_type_has_a_short_a_full_and_a_written_name(word: str) -> None:
    """Each of the names in the documents is understood."""
    assert kind_named(word) == CHECK


def test_check_alone_is_the_check_of_a_result() -> None:
    """`Check` is another type than `CheckConfig`, as in the reference; so is `Hook`."""
    assert kind_named("check") == kind_named("core/v2.Check") == CHECK_AS_RUN
    assert kind_named("hook") == HOOK_AS_RUN
    assert CHECK_AS_RUN.short_name == "checks"


def test_what_agents_tell_is_named_in_full() -> None:
    """The types of core/v3 are none of core/v2, which a bare name means."""
    assert kind_named("core/v3.EntityConfig") == ENTITY_CONFIG
    with pytest.raises(CommandFailed):
        kind_named("EntityConfig")


def test_lists_keep_their_order_and_hold_nothing_twice() -> None:
    """The types are given as asked for; all means every kind that is kept."""
    assert kinds_named("handlers,core/v2.CheckConfig,checks") == [HANDLER, CHECK]
    assert kinds_named("all") == list(ALL_KINDS)
    assert ENTITY_CONFIG.short_name == ""


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("nonsense", ""),
        ("", ""),
        ("cluster-role", "ClusterRole"),
        ("chekcs", "checks"),
        ("CheckConfg", "CheckConfig"),
        ("core/v3.CheckConfig", "core/v2.CheckConfig"),
    ],
)
def test_an_unknown_type_is_named_with_the_one_that_was_meant(word: str, meant: str) -> None:
    """A wrong word is repeated as it was written, with a name that differs in a letter or two."""
    suggestion = f'; did you mean "{meant}"?' if meant else ""
    with pytest.raises(CommandFailed) as caught:
        kind_named(word)
    assert str(caught.value) == f"invalid resource type: {word}{suggestion}"


def test_a_type_belongs_to_its_group() -> None:
    """A type is only found in the version that has it."""
    assert kind_of_type("EntityConfig", "core/v3") == ENTITY_CONFIG
    assert kind_of_type("EntityConfig", "core/v2") is None
