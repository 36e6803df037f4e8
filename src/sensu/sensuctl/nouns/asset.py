"""`sensuctl asset …`, but for what needs Bonsai."""

import re
import urllib.parse
from collections.abc import Iterator, Sequence
from typing import Any

from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.forms import Field, asked_metadata, from_answers, from_flags
from sensu.sensuctl.kind import ASSET
from sensu.sensuctl.output import FORMATS, show_list
from sensu.sensuctl.resource_commands import (
    create_resource,
    delete_resource,
    first_word,
    get_resource,
    joined,
    list_resources,
    metadata_of,
    name_of,
    namespace_of,
    replace_resource,
    show_resource,
)
from sensu.sensuctl.session import resource_path
from sensu.sensuctl.table import Column

DIGEST_LENGTH, DIGEST_SHOWN = 128, 7
FIELDS = (Field("url", "URL:"), Field("sha512", "SHA-512 Checksum:"), Field("filters", "Filters:", "list"))


def short_url(url: str) -> str:
    """`//host/.../file`."""
    parts = urllib.parse.urlsplit(url)
    host = re.sub(r":\d*$", "", parts.netloc.rpartition("@")[2])
    return f"//{host}/.../{parts.path.rpartition('/')[2]}"


def short_digest(digest: str) -> str:
    """The first characters of a digest."""
    return digest[:DIGEST_SHOWN] if len(digest) >= DIGEST_LENGTH else "invalid"


COLUMNS = (
    Column("Name", lambda row: row["name"], key=True),
    Column("URL", lambda row: short_url(row["url"])),
    Column("Hash", lambda row: short_digest(row["sha512"])),
)


def _builds(asset: Any) -> Iterator[dict[str, Any]]:
    """A row for each build of an asset."""
    for build in asset.get("builds") or (asset,):
        yield {"name": name_of(asset), "url": build.get("url", ""), "sha512": build.get("sha512", "")}


def details(asset: Any) -> Sequence[tuple[str, Any]]:
    """The rows of `asset info`."""
    rows = [("Name", name_of(asset)), ("Namespace", namespace_of(asset))]
    builds = asset.get("builds")
    if not builds:
        return (*rows, *_build_rows(asset, ""))
    rows.append(("Builds", ""))
    for number, build in enumerate(builds):
        rows += [(f"  Build {number}", ""), *_build_rows(build, "    ")]
    return rows


def _build_rows(build: Any, indent: str) -> list[tuple[str, Any]]:
    return [
        (f"{indent}URL", build.get("url", "")),
        (f"{indent}SHA-512 Checksum", build.get("sha512", "")),
        (f"{indent}Filters", joined(build.get("filters"), ", ")),
    ]


def list_assets(context: Context) -> None:
    """`sensuctl asset list`: a table has a row for each build."""
    if context.format in FORMATS[1:]:
        list_resources(context, ASSET, ())
        return
    namespace = "" if context.flag("all-namespaces") else context.namespace
    found = context.session.listing(resource_path(ASSET, namespace), {}, context.flag("chunk-size") or 0)
    rows = [row for asset in found.items for row in _builds(asset)]
    show_list(context, ASSET, rows, COLUMNS, found.warning)


def show_asset(context: Context) -> None:
    """`sensuctl asset info NAME`."""
    show_resource(context, ASSET, name_of, details)


def delete_asset(context: Context) -> None:
    """`sensuctl asset delete NAME`."""
    delete_resource(context, ASSET)


def create_asset(context: Context) -> None:
    """`sensuctl asset create NAME`."""
    name = first_word(context)
    if context.flag("interactive"):
        metadata = asked_metadata(context, "Name:", name)
        asset = from_answers(context, FIELDS)
    else:
        metadata = metadata_of(context, name)
        asset = {**from_flags(context, FIELDS[:2]), "filters": context.flag("filter")}
    if not metadata["name"]:
        raise CommandFailed("Bad inputs: please provide a name.")
    create_resource(context, ASSET, {**asset, "metadata": metadata})


def update_asset(context: Context) -> None:
    """`sensuctl asset update NAME`."""
    asset = get_resource(context, ASSET)
    replace_resource(context, ASSET, {**asset, **from_answers(context, FIELDS, asset)})
    context.print("Updated")
