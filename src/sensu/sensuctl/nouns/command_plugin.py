"""`sensuctl command …`: commands that users add to sensuctl, delivered as assets.

Source: docs "Extend sensuctl with commands"; recorded sensuctl session command.
"""

import asyncio
import logging
import os
import platform
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sensu.errors import SensuError
from sensu.resources.asset import Asset
from sensu.resources.entity import Entity, System
from sensu.resources.wire import convert_client
from sensu.rules.names import asset_name_problem
from sensu.sensuctl.asset_text import short_digest, short_url
from sensu.sensuctl.bonsai import Bonsai, parse_name
from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import BadArguments, CommandFailed, Exited
from sensu.sensuctl.nouns.asset_bonsai import ANNOTATIONS, chosen_version
from sensu.sensuctl.output import in_order, show_table, to_json, to_yaml_documents
from sensu.sensuctl.plugin_store import PluginStore
from sensu.sensuctl.progress import Progress
from sensu.sensuctl.prompt import confirm
from sensu.sensuctl.session import usable_ca_file
from sensu.sensuctl.table import Column

RUN_TIME_LIMIT_S = 30
DIGEST_LENGTH = 128
API_VERSION = "cli/cmdmanager"
BUILD_FIELDS = ("url", "sha512", "filters", "headers")
COLUMNS = (
    Column("Alias", lambda row: row[0], key=True),
    Column("URL", lambda row: short_url(_first_build(row[1]).get("url", ""))),
    Column("Hash", lambda row: short_digest(_first_build(row[1]).get("sha512", ""))),
)
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "i686": "386", "armv7l": "arm", "armv6l": "arm"}


def _first_build(asset: Any) -> Any:
    return (asset.get("builds") or [asset])[0]


def _store(context: Context) -> PluginStore:
    return PluginStore(Path(context.configuration.cache_dir))


def list_commands(context: Context) -> None:
    """`sensuctl command list`."""
    rows = list(_store(context).all().items())
    if context.format == "json":
        context.print(to_json([{"alias": alias, "asset": asset} for alias, asset in rows] or None) + "\n")
    elif context.format == "wrapped-json":
        for row in rows:
            context.print(to_json(_wrapped(*row)))
    elif context.format == "yaml":
        context.stdout.write(to_yaml_documents(_wrapped(*row) for row in rows))
    else:
        show_table(context, COLUMNS, rows)


def _wrapped(alias: str, asset: Any) -> dict[str, Any]:
    shown = asset if asset.get("builds") else {**asset, "builds": [{key: asset.get(key) for key in BUILD_FIELDS}]}
    spec = {"alias": alias, "asset": {key: value for key, value in shown.items() if key not in ("url", "sha512")}}
    return {"type": "CommandPlugin", "api_version": API_VERSION, "metadata": {"name": alias}, "spec": in_order(spec)}


def delete_command(context: Context) -> None:
    """`sensuctl command delete ALIAS`."""
    if confirm(context, f"delete command resource '{context.words[0]}'"):
        store = _store(context)
        installed = store.all()
        if installed and context.words[0] not in installed:
            raise CommandFailed("a command by that name does not exist")
        store.remove(context.words[0])
        context.print("Deleted")


def install(context: Context) -> None:
    """`sensuctl command install ALIAS …`: the archive is fetched when the command first runs."""
    alias, url, checksum = context.words[0], context.text("url"), context.text("checksum")
    if len(context.words) > 1:
        if url or checksum:
            raise BadArguments("the url and checksum flags can only be used when NAME is not specified")
        asset = _from_bonsai(context, context.words[1])
    else:
        if not url:
            raise CommandFailed("must specify a Bonsai asset name or use --url flag")
        if not checksum:
            raise CommandFailed("must specify checksum (SHA512) with --checksum when using --url")
        if len(checksum) < DIGEST_LENGTH:
            raise CommandFailed(f"SHA-512 checksum must be at least {DIGEST_LENGTH} characters")
        metadata = {"name": alias, "namespace": "sensuctl"}
        asset = dict.fromkeys(BUILD_FIELDS) | {"url": url, "sha512": checksum, "builds": None, "metadata": metadata}
    problem = asset_name_problem(alias)
    if problem is not None:
        raise CommandFailed(problem)
    store = _store(context)
    if alias in store.all():
        raise CommandFailed("the alias specified already exists")
    store.add(alias, asset)
    context.print("command was installed successfully")


def _from_bonsai(context: Context, name: str) -> dict[str, Any]:
    """The asset of a command; raises CommandFailed if the asset is not a command."""
    bonsai = Bonsai(context)
    chosen = chosen_version(context, bonsai, parse_name(name))
    content = bonsai.release(chosen)
    metadata = content.get("metadata") or {}
    annotations = metadata.get("annotations") or {}
    wanted = {"type": "sensuctl", "provider": "sensuctl/command"}
    for key, value in wanted.items():
        if annotations.get(ANNOTATIONS + key) != value:
            raise CommandFailed(f'{chosen.full} is not a command: its annotation {ANNOTATIONS}{key} is not "{value}"')
    if not content["spec"].get("builds"):
        raise CommandFailed(f"{chosen.full} has no builds")
    return {**content["spec"], "metadata": {**metadata, "name": chosen.full}}


def execute(context: Context) -> None:
    """`sensuctl command exec ALIAS …`: the program `bin/entrypoint` of its archive, with the session's variables."""
    logging.getLogger("sensu").addHandler(logging.NullHandler())  # the error has all details
    alias, *words = context.words
    asset = _store(context).all().get(alias)
    if asset is None:
        raise CommandFailed("the alias specified does not exist")
    try:
        folder = asyncio.run(_fetched(context, convert_client(Asset, asset)))
    except SensuError as err:
        raise CommandFailed(str(err)) from err
    if folder is None:
        raise CommandFailed("no asset filters were matched")
    _run(context, folder, words)


async def _fetched(context: Context, asset: Asset) -> Path | None:
    """The folder of the archive for this host, fetched if it is not cached."""
    from sensu.execution.asset_filters import AssetFilters  # noqa: PLC0415 - the engine takes time to load
    from sensu.execution.assets import AssetCache  # noqa: PLC0415 - so does the HTTP client

    configuration = context.configuration
    with ThreadPoolExecutor(2) as files:
        folder = _store(context).assets_dir
        ca_file = usable_ca_file(configuration.trusted_ca_file, context.warn)
        with Progress(context, "fetch", unit="KiB") as progress:

            def received(count_bytes: int) -> None:
                progress.advance(count_bytes // 1024)

            filters = AssetFilters()
            cache = AssetCache(folder, files, filters, trusted_ca_file=ca_file, received=received)
            try:
                found = await cache.paths([asset], _this_host())
            finally:
                await cache.close()
                filters.close()
    return found[0][1] if found else None


def _this_host() -> Entity:
    """The local host, with the fields that filters of builds use."""
    machine = platform.machine()
    system = System(
        hostname=platform.node(),
        os=platform.system().lower(),
        platform=platform.system().lower(),
        arch=_ARCHITECTURES.get(machine, machine),
    )
    return Entity(entity_class="agent", system=system)


def _run(context: Context, folder: Path, words: list[str]) -> None:
    from sensu.execution.assets import variables as asset_variables  # noqa: PLC0415
    from sensu.execution.environment import merged  # noqa: PLC0415
    from sensu.sensuctl.nouns.env import variables  # noqa: PLC0415

    program = folder / "bin" / "entrypoint"
    if not context.configuration.api_key:
        context.session.access_token()
    own = list(variables(context.configuration).items())
    environment = merged(context.environment, own, asset_variables([(context.words[0], folder)]))
    context.stdout.flush()
    try:
        status = subprocess.run(  # noqa: S603 - the user's own command
            [os.fspath(program), *words], env=environment, timeout=RUN_TIME_LIMIT_S, check=False
        ).returncode
    except subprocess.TimeoutExpired as err:
        raise CommandFailed(f"the command was stopped after {RUN_TIME_LIMIT_S} s") from err
    except OSError as err:
        raise CommandFailed(f"cannot run the command: {err.strerror}: {program}") from err
    if status:
        raise Exited(1)
