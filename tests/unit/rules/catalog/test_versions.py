"""Names and versions of integrations."""

import pytest

from sensu.errors import InvalidResource
from sensu.rules.catalog.versions import SNAPSHOT, IntegrationName, named_by_tag, newest, parse_name, version_order


def test_a_name_may_have_a_version() -> None:
    """An integration is named by its namespace and its name, and by a version after an @."""
    assert parse_name("nginx/nginx-monitoring") == IntegrationName("nginx", "nginx-monitoring")
    assert str(parse_name("nginx/nginx-monitoring@20220125.0.0")) == "nginx/nginx-monitoring@20220125.0.0"


@pytest.mark.parametrize(
    "text", ["", "nginx", "nginx/", "../x/y", "a/b/c", "a/..", "a/b@", "a/b@1", "a/b@../1.0.0", "A/b", "a/b@1.0.0\n"]
)
def test_what_names_no_integration_is_refused(text: str) -> None:
    """A text that could lead to another file, or that is no semantic version, is not a name."""
    with pytest.raises(InvalidResource):
        parse_name(text)


def test_versions_are_ordered_by_number_and_candidates_come_before_their_release() -> None:
    """The order is that of semantic versioning."""
    ordered = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0", "1.0.1",
               "1.2.0", "20220125.0.0", "20220125.0.1", SNAPSHOT]  # fmt: skip
    assert sorted(set(ordered), key=version_order) == ordered
    assert newest(ordered) == SNAPSHOT
    assert newest([]) == ""


def test_a_tag_publishes_a_version_and_other_tags_publish_none() -> None:
    """Tags of releases of the repository itself are ignored."""
    assert named_by_tag("nginx/nginx-monitoring/20220125.0.0-rc.1") == IntegrationName(
        "nginx", "nginx-monitoring", "20220125.0.0-rc.1"
    )
    assert [named_by_tag(tag) for tag in ("v1.0.0", "a/b/1.0", "a/../1.0.0", "a/b/c/1.0.0", "a/b/01.0.0")] == [None] * 5
