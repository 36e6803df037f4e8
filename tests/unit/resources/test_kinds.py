"""The registry of kinds."""

import pytest

from sensu.resources.kinds import (
    ALL_KINDS,
    AS_RUN,
    CHECK,
    CHECK_AS_RUN,
    ENTITY,
    EVERY_KIND,
    SECRET,
    TESSEN,
    Kind,
    by_segment,
    by_type,
    kind_of,
    name_of,
)
from sensu.resources.namespace import Namespace
from sensu.resources.user import User


@pytest.mark.parametrize("kind", [kind for kind in EVERY_KIND if not kind.types], ids=lambda kind: kind.qualified_name)
def test_every_row_finds_its_struct_and_is_found(kind: Kind) -> None:
    """The struct of a row exists and leads back to the row, as do its type and its word in URLs."""
    assert kind_of(kind.shape()) is kind
    assert by_type(kind.type, kind.api_version) is kind
    found = by_segment(kind.api_version, kind.segment)
    assert found is not None
    assert found is (kind.part_of or kind) or kind in AS_RUN
    assert kind.has_metadata is ("metadata" in kind.shape.__struct_fields__)


def test_every_kind_is_kept_or_left_out_of_all_with_a_reason() -> None:
    """A dump of `all` holds every kind that the API keeps; each other type has a reason, and places are unique."""
    assert all(bool(kind.dump_order) is not bool(kind.remark) for kind in EVERY_KIND)
    assert len({kind.dump_order for kind in ALL_KINDS}) == len(ALL_KINDS)
    assert ALL_KINDS.index(ENTITY) < ALL_KINDS.index(SECRET)


def test_groups_may_use_the_same_word_in_urls() -> None:
    """A word in URLs means a kind only together with its API group."""
    assert by_segment("core/v2", "checks") is CHECK
    assert by_segment("secrets/v1", "checks") is None
    assert by_type("Check") is CHECK_AS_RUN


def test_a_path_begins_with_the_root_of_the_group() -> None:
    """Core groups are below /api, commercial ones below /api/enterprise."""
    assert CHECK.path("default", "disk") == "/api/core/v2/namespaces/default/checks/disk"
    assert CHECK.path("") == "/api/core/v2/checks"
    assert SECRET.path("default") == "/api/enterprise/secrets/v1/namespaces/default/secrets"


def test_kinds_without_metadata_have_names_too() -> None:
    """The name is in the field that the row says, or the word of a kind of which there is only one."""
    assert name_of(Namespace(name="ops")) == "ops"
    assert name_of(User(username="ann")) == "ann"
    assert name_of(TESSEN.shape()) == "tessen"
