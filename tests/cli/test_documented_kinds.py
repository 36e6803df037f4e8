"""Every kind of the commercial edition, with all fields that its documentation names."""

from pathlib import Path

import yaml

from tests.cli.conftest import Sensuctl

FILE = Path(__file__).with_name("documented.yml")


def test_what_is_documented_is_stored_as_it_was_sent(sensuctl: Sensuctl) -> None:
    """`create` accepts all without a warning about a field, `apply` then finds no change, and `delete` removes them."""
    resources = list(yaml.safe_load_all(FILE.read_text()))
    created = sensuctl("create", "-f", str(FILE))
    assert (created.status, created.out) == (0, ""), created
    assert "unknown field" not in created.err
    applied = sensuctl("apply", "-f", str(FILE)).out
    assert applied == f"0 created, 0 updated, {len(resources)} unchanged\n"
    for resource in resources:
        name = f"{resource['api_version']}.{resource['type']}"
        shown = sensuctl("dump", name, "--format", "yaml")
        assert shown.status == 0, (name, shown)
        assert f"name: {resource['metadata']['name']}\n" in shown.out, name
    assert sensuctl("delete", "-f", str(FILE)).status == 0
