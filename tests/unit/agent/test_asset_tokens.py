"""Tokens in assets."""

from sensu.agent.check_run import asset_with_tokens
from sensu.resources.asset import Asset, AssetBuild
from sensu.resources.metadata import ObjectMeta

CONTEXT = {"name": "web1"}


def test_tokens_fill_urls_and_headers_but_no_checksums() -> None:
    """What is downloaded may depend on the entity; its checksum is what the asset says."""
    token = "{{ .name }}"
    asset = Asset(
        metadata=ObjectMeta(name="a", namespace="default"),
        url=f"http://h/{token}",
        sha512=token,
        headers={"X": token},
        builds=(AssetBuild(url=f"http://h/1/{token}", sha512=token), AssetBuild(url="http://h/2", sha512="c" * 128)),
    )
    done = asset_with_tokens(asset, lambda: CONTEXT)
    assert (done.url, done.sha512, done.headers) == ("http://h/web1", token, {"X": "web1"})
    assert [(build.url, build.sha512) for build in done.builds or ()] == [
        ("http://h/1/web1", token),
        ("http://h/2", "c" * 128),
    ]


def test_an_asset_without_tokens_is_itself() -> None:
    """Nothing about an asset without tokens changes."""
    for builds in (None, (), (AssetBuild(url="http://h/1", sha512="a" * 128),)):
        asset = Asset(metadata=ObjectMeta(name="a"), url="http://h/x", sha512="b" * 128, builds=builds)
        assert asset_with_tokens(asset, lambda: CONTEXT) == asset
