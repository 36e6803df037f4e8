"""The API of another cluster, as replicators use it."""

from pathlib import Path
from typing import Any

import pytest

from sensu.backend.federation.other_cluster import PAGE, OtherCluster
from sensu.backend.outgoing import ServerOutOfReach
from sensu.resources.federation import EtcdReplicator
from sensu.resources.kinds import ROLE
from tests.flows.api_harness import ADMIN, RunningApi

ROLES = "/api/core/v2/namespaces/default/roles"


async def key_file_of(api: RunningApi, admin: str, folder: Path) -> str:
    """A file with an API key of the administrator."""
    made = await api.call("POST", "/api/core/v2/apikeys", {"username": ADMIN}, Authorization=admin)
    file = folder / "key"
    file.write_text(made.headers["Location"].rpartition("/")[2])
    return str(file)


def other_at(url: str, key_file: str, **more: Any) -> OtherCluster:
    """The other cluster of a replicator."""
    return OtherCluster(EtcdReplicator(url=url, resource="Role", api_key_file=key_file, **more), "")


async def test_lists_of_several_pages_are_read_at_the_first_url_that_answers(
    api: RunningApi, admin: str, tmp_path: Path
) -> None:
    """No resource of a long list is missing, so that none is taken for a new one."""
    names = {f"role-{number}" for number in range(PAGE + 5)}
    for name in names:
        role = {"metadata": {"name": name, "namespace": "default"}, "rules": [{"verbs": ["get"], "resources": ["*"]}]}
        assert (await api.call("PUT", f"{ROLES}/{name}", role, Authorization=admin)).status == 201
    other = other_at(f"http://127.0.0.1:1,{api.url}", await key_file_of(api, admin, tmp_path))
    await other.open()
    found = [one["metadata"]["name"] async for one in other.resources(ROLE, "default")]
    assert len(found) == len(set(found))
    assert names <= set(found)


async def test_a_resource_that_has_appeared_meanwhile_is_not_taken_for_the_replicators_own(
    api: RunningApi, admin: str, tmp_path: Path
) -> None:
    """What is created must not exist; otherwise it stays as it is until the next run."""
    role = {"metadata": {"name": "a", "namespace": "default"}, "rules": [{"verbs": ["get"], "resources": ["*"]}]}
    other = other_at(api.url, await key_file_of(api, admin, tmp_path))
    await other.open()
    assert await other.put(ROLE, ("default", "a"), role, is_new=True) == ""
    assert await other.put(ROLE, ("default", "a"), role, is_new=True) != ""
    assert await other.put(ROLE, ("default", "a"), role, is_new=False) == ""
    assert await other.delete(ROLE, ("default", "a")) == ""
    assert await other.delete(ROLE, ("default", "a")) == ""


async def test_a_file_of_the_host_that_is_not_an_api_key_is_never_sent(tmp_path: Path) -> None:
    """Authors of replicators cannot read the backend's files."""
    file = tmp_path / "passwd"
    file.write_text("root:x:0:0:\n")
    with pytest.raises(ServerOutOfReach, match="does not contain an API key"):
        await other_at("http://127.0.0.1:1", str(file)).open()
    with pytest.raises(ServerOutOfReach, match="missing cannot be read: no such file"):
        await other_at("http://127.0.0.1:1", f"{tmp_path}/missing").open()


async def test_a_certificate_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """The message names the file, because a replicator has three of them."""
    file = tmp_path / "key"
    file.write_text("0e4a8a0e-8b4f-4c57-9d3a-8d6b0f0e7f11")
    for name in ("ca_cert", "cert", "key"):
        files = {"cert": str(file), "key": str(file), name: f"/missing/{name}.pem"}
        with pytest.raises(ServerOutOfReach, match=f"/missing/{name}.pem"):
            await other_at("https://127.0.0.1:1", str(file), **files).open()


async def test_a_key_for_a_cluster_on_this_host_is_not_sent_to_a_proxy(
    api: RunningApi, admin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plain http is allowed on this host alone, so the environment's proxy is not used there."""
    key_file = await key_file_of(api, admin, tmp_path)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    await other_at(api.url, key_file).open()
