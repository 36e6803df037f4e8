"""The URL paths of resources."""

import pytest

from sensu.resources.kinds import CHECK, NAMESPACE
from sensu.sensuctl.paths import quoted, resource_path

CHECKS = "/api/core/v2/namespaces/default/checks"


@pytest.mark.parametrize(
    ("text", "encoded"), [("a-b_c.d", "a-b_c.d"), ("web:*", "web%3A%2A"), ("a/b?c", "a%2Fb%3Fc"), ("é ", "%C3%A9%20")]
)
def test_names_are_one_part_of_a_path(text: str, encoded: str) -> None:
    """No name can lead to another resource."""
    assert quoted(text) == encoded
    assert resource_path(CHECK, "default", text) == f"{CHECKS}/{encoded}"
    assert resource_path(NAMESPACE, "default", text) == f"/api/core/v2/namespaces/{encoded}"
