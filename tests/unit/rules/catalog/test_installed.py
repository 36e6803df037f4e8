"""The marks of installed resources, and what can be deleted of them."""

import copy
from typing import Any

from sensu.resources.kinds import ASSET, CHECK, HANDLER, PIPELINE
from sensu.rules.catalog.dependents import ResourceKey, still_used
from sensu.rules.catalog.installed import (
    Installation,
    KeptAnswers,
    answers_of,
    digest_of,
    installation_of,
    is_changed,
    marked,
)
from sensu.rules.catalog.versions import IntegrationName

INSTALLATION = Installation(IntegrationName("web", "web-monitoring", "1.0.0"), "168c41a1")
CHECK_BODY: dict[str, Any] = {
    "metadata": {"name": "c", "namespace": "n", "labels": {"a": "1"}},
    "command": "x",
    "handlers": None,
}


def test_a_marked_resource_says_where_it_comes_from() -> None:
    """Labels and annotations of the integration itself are kept."""
    answers = KeptAnswers({"host": "web1"}, ("token",))
    metadata = marked(CHECK_BODY, INSTALLATION, answers, "d1")["metadata"]
    assert metadata["labels"]["a"] == "1"
    assert installation_of(metadata) == INSTALLATION
    assert answers_of(metadata) == answers
    assert (is_changed(metadata, "d1"), is_changed(metadata, "d2")) == (False, True)


def test_marks_that_somebody_changed_are_no_marks() -> None:
    """A label or an annotation can be edited by anyone who may edit the resource."""
    assert installation_of({"labels": {"sensu.io/catalog": "../x@1"}}) is None
    assert installation_of({}) is None
    for text in ("", "[]", "{", '{"answers": 1, "secrets": {}}'):
        assert answers_of({"annotations": {"sensu.io/catalog_answers": text}}) == KeptAnswers({})
    assert is_changed({}, "d1")


def test_the_digest_ignores_marks_namespace_and_empty_values() -> None:
    """The same resource has the same digest before and after it is stored, and in a version with more fields."""
    before = digest_of(CHECK_BODY)
    stored = copy.deepcopy(marked(CHECK_BODY, INSTALLATION, KeptAnswers({}), before))
    stored["metadata"] |= {"namespace": "other"}
    stored |= {"handlers": [], "ttl": 0, "new_field": "", "nested": {"empty": None}}
    assert digest_of(stored) == before
    assert digest_of({**stored, "command": "y"}) != before
    stored["metadata"]["labels"]["a"] = "2"
    assert digest_of(stored) != before


def test_what_a_resource_that_stays_uses_stays_too() -> None:
    """Uses are followed through resources that stay because they are used themselves."""
    asset, handler, pipeline = ResourceKey(ASSET, "a"), ResourceKey(HANDLER, "h"), ResourceKey(PIPELINE, "p")
    other, check = ResourceKey(CHECK, "theirs"), ResourceKey(CHECK, "ours")
    references = {check: {asset, pipeline}, pipeline: {handler}, handler: {asset}, other: {pipeline}}
    assert still_used([asset, handler, pipeline, check], references) == {
        pipeline: other,
        handler: pipeline,
        asset: handler,
    }
    del references[other]
    assert still_used([asset, handler, pipeline, check], references) == {}
