import asyncio
from collections.abc import Sequence

import pytest

from sensu.backend.schedulerd.entity_matching import EntityMatching
from sensu.resources.entity import EntityConfig
from sensu.testing.factories import make_entity_config
from sensu.testing.virtual_clock import VirtualClock

R1 = make_entity_config("r1", entity_class="proxy", labels={"ip": "10.0.0.1"})
R2 = make_entity_config("r2", entity_class="proxy")
AGENT = make_entity_config("a1", user="agent")


def matching(expressions: Sequence[str] | None, *rounds: Sequence[EntityConfig]) -> list[str]:
    """The names that match in the last of the rounds."""

    async def ask() -> list[EntityConfig]:
        found: list[EntityConfig] = []
        for entities in rounds:
            found = await matcher.matching(expressions, entities)
        return found

    matcher = EntityMatching(VirtualClock())
    try:
        return [entity.metadata.name for entity in asyncio.run(ask())]
    finally:
        matcher.close()


@pytest.mark.parametrize(
    ("expressions", "expected"),
    [
        (["entity.entity_class == 'proxy'"], ["r1", "r2"]),
        (["entity.entity_class == 'proxy'", "entity.labels.ip == '10.0.0.1'"], ["r1"]),
        (["entity.metadata.name == 'r2'"], ["r2"]),
        (["entity.system.os == 'linux'"], []),
        (["nosuch"], []),
        (["1 +", "true"], ["r1", "r2", "a1"]),
        (["1 +"], []),
        ([], []),
        (None, []),
    ],
)
def test_entities_match_when_every_expression_holds(expressions, expected: list[str]) -> None:
    """All expressions must hold; an error does not match, one that cannot be parsed does not count."""
    assert matching(expressions, [R1, R2, AGENT]) == expected


def test_a_changed_entity_is_judged_anew() -> None:
    """An answer holds only for the entity as it was."""
    changed = make_entity_config("r1", entity_class="agent")
    assert matching(["entity.entity_class == 'proxy'"], [R1, R2], [changed, R2]) == ["r2"]


async def test_an_expression_that_never_ends_matches_nothing() -> None:
    """Expressions that take too long match no entity, and those of other checks are evaluated meanwhile or after."""
    hang = (
        "(function (n) { var s = 'a'; for (var i = 0; i < n; i++) s += s; return s.indexOf(s.slice(n) + 'b') })(21) > 0"
    )

    matcher = EntityMatching(VirtualClock())
    try:
        hung = asyncio.create_task(matcher.matching([hang], [R1, R2]))
        sound = await matcher.matching(["/^r/.test(entity.name)"], [R1, R2, AGENT])
        found = await hung, sound
    finally:
        matcher.close()
    assert found == ([], [R1, R2])
