"""Commands of checks and hooks: tokens, allow list, assets, environment."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sensu.agent import settings
from sensu.agent.allow_list import AllowList, AllowListEntry
from sensu.agent.entity import OwnEntity
from sensu.agent.runner import ASSETS_DISABLED, Job, NotRun, Runner, RunStep, asset_with_tokens
from sensu.clock import SystemClock
from sensu.execution.asset_filters import AssetFilters
from sensu.execution.assets import AssetCache
from sensu.execution.command import CommandResult
from sensu.resources.asset import Asset, AssetBuild
from sensu.resources.metadata import ObjectMeta

CONTEXT = {"name": "web1"}
SHOW = "/bin/sh -c 'echo $SECRET $VARIABLE $SENSU_PASSWORD.'"
SHOW_ENTRY = AllowListEntry(exec="/bin/sh", args=("-c", "'echo $SECRET $VARIABLE $SENSU_PASSWORD.'"))
BROKEN = Asset(metadata=ObjectMeta(name="a", namespace="default"), url="http://h/{{ .nothing.here }}", sha512="a" * 128)


def run(
    job: Job, folder: Path, allowed: Sequence[AllowListEntry] = (), *, disable_assets: bool = False
) -> CommandResult | NotRun:
    """The result of one command under an allow list."""

    async def in_loop() -> CommandResult | NotRun:
        entity, clock = OwnEntity(settings.read(["--name", "web1"], {}), "1"), SystemClock()
        with ThreadPoolExecutor(1) as files:
            assets = AssetCache(folder, files, AssetFilters())
            runner = Runner(entity, AllowList(allowed), assets, files, clock, disable_assets=disable_assets)
            result = await runner.run(job)
            await assets.close()
        return result

    return asyncio.run(in_loop())


def output(result: CommandResult | NotRun) -> str:
    """The output of a command that ran."""
    assert isinstance(result, CommandResult), result
    return result.text


def test_a_denied_command_fetches_no_assets(tmp_path: Path) -> None:
    """The allow list comes first: a command that it denies causes no download and no error of its assets."""
    entry = AllowListEntry(exec="true", args=("x",))
    assert run(Job("false", 5, assets=[BROKEN]), tmp_path, [entry]) == NotRun(RunStep.ALLOW_LIST)


def test_assets_come_before_the_command(tmp_path: Path) -> None:
    """A command whose assets cannot be had does not start; the error names the asset."""
    result = run(Job(f"touch {tmp_path}/started", 5, assets=[BROKEN]), tmp_path)
    assert isinstance(result, NotRun)
    assert result.step is RunStep.ASSETS
    assert result.error.startswith('error while substituting asset "a" tokens: ')
    assert not (tmp_path / "started").exists()


def test_disabled_assets_stop_a_command_that_needs_them(tmp_path: Path) -> None:
    """With assets disabled, only commands without assets run."""
    assert run(Job("true", 5, assets=[BROKEN]), tmp_path, disable_assets=True) == NotRun(
        RunStep.ASSETS, ASSETS_DISABLED
    )
    assert output(run(Job("echo ok", 5, assets=[]), tmp_path, disable_assets=True)) == "ok\n"


@pytest.mark.parametrize(
    ("allowed", "shown"), [([], "s v .\n"), ([SHOW_ENTRY], "s .\n")], ids=["no allow list", "entry without enable_env"]
)
def test_the_environment_of_a_command(
    allowed: list[AllowListEntry], shown: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Commands get secrets and variables but not the agent's password; an allow list entry can deny variables."""
    monkeypatch.setenv("SENSU_PASSWORD", "p")
    job = Job(SHOW, 5, secrets=["SECRET=s"], env_vars=["VARIABLE=v"])
    assert output(run(job, tmp_path, allowed)) == shown


def test_another_program_than_the_allowed_one_does_not_run(tmp_path: Path) -> None:
    """A program whose digest differs from that of its entry is denied."""
    entry = AllowListEntry(exec="echo", args=("ok",), sha512="0" * 128)
    assert run(Job("echo ok", 5), tmp_path, [entry]) == NotRun(RunStep.ALLOW_LIST)


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
