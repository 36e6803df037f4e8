"""The clusters of a federation in the web UI of the gateway."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from playwright.sync_api import expect

from sensu.testing.backend_process import PASSWORD, USER
from tests.web.browser import Visits
from tests.web.world import World


@pytest.fixture(scope="module")
def federation(web_ui: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, World]]:
    """A gateway and the cluster alpha, whose keys are the same; the cluster beta cannot be reached."""
    folder = tmp_path_factory.mktemp("federation")
    key = ec.generate_private_key(ec.SECP256R1())
    (folder / "key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
    made = list[World]()
    for name in ("gateway", "alpha"):
        (folder / name).mkdir()
        made.append(World(folder / name, ["--jwt-private-key-file", str(folder / "key")]))
    try:
        for each in made:
            each.start()
        yield made[0], made[1]
    finally:
        for each in made:
            each.close()


@pytest.fixture
def world(federation: tuple[World, World]) -> World:
    """The gateway, which browsers visit."""
    return federation[0]


def test_the_events_of_another_cluster_are_read_in_the_web_ui_of_the_gateway(
    visits: Visits, federation: tuple[World, World]
) -> None:
    """Namespaces are listed by cluster, links stay in the cluster, its events arrive live, and a lost one says why."""
    gateway, alpha = federation
    for name, url in (("alpha", alpha.backend.api_url), ("beta", "http://127.0.0.1:1")):
        cluster = {"type": "Cluster", "api_version": "federation/v1", "metadata": {"name": name}}
        path = f"/api/enterprise/federation/v1/clusters/{name}"
        assert gateway.api("PUT", path, {**cluster, "spec": {"api_urls": [url]}}).status == 201
    alpha.api("PUT", "/api/core/v2/namespaces/alpha-ops", {"name": "alpha-ops"})
    alpha.report("db1", "disk", 2, "the disk is full", namespace="alpha-ops")

    page = visits.visit(None)
    visits.sign_in(page, USER, PASSWORD)
    page.goto("/n/default/events")
    page.get_by_role("button", name="Namespace default").click()
    dialog = page.get_by_role("dialog", name="Namespace")
    expect(dialog.get_by_role("heading", level=3)).to_have_text(["local-cluster", "alpha", "beta"])
    expect(dialog).to_contain_text("the cluster beta cannot be asked: http://127.0.0.1:1 cannot be reached")
    dialog.get_by_role("list", name="alpha").get_by_role("button", name="alpha-ops").click()

    expect(page).to_have_url(re.compile("/c/alpha/n/alpha-ops/events"))
    expect(page.get_by_role("button", name="Namespace alpha / alpha-ops")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("disk"))).to_be_visible()
    alpha.report("db2", "cpu", 1, "busy", namespace="alpha-ops")
    expect(page.get_by_role("row", name=re.compile("cpu"))).to_be_visible()
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Entities").click()
    expect(page).to_have_url(re.compile("/c/alpha/n/alpha-ops/entities"))
    page.goto("/c/alpha/n/alpha-ops/events/db1/disk")
    expect(page.get_by_text("the disk is full").first).to_be_visible()

    page.get_by_role("button", name="Namespace alpha / alpha-ops").click()
    dialog.get_by_role("list", name="local-cluster").get_by_role("button", name="default").click()
    expect(page).to_have_url(re.compile(r"\d/n/default/events"))
