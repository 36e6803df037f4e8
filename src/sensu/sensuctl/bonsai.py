"""Bonsai, the online index of assets.

Source: docs "Use assets to install plugins", `sensuctl asset add`.
"""

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from sensu.client.http_api import HTTPAPI, APIUnreachable, TLSOptions
from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.session import usable_ca_file

DEFAULT_URL = "https://bonsai.sensu.io"
URL_VARIABLE = "SENSU_BONSAI_URL"
_NAME = re.compile(r"([^/:]+)/([^/:]+)(?::(.*))?")
_NUMBERS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class BonsaiName:
    """`namespace/name:version`; the version may be empty."""

    namespace: str
    name: str
    version: str = ""

    @property
    def full(self) -> str:
        """`namespace/name`."""
        return f"{self.namespace}/{self.name}"


def parse_name(text: str) -> BonsaiName:
    """The name given on the command line; raises CommandFailed."""
    match = _NAME.fullmatch(text)
    if match is None:
        raise CommandFailed('asset name must be specified in the format "namespace/asset" (e.g. mynamespace/cpu-check)')
    return BonsaiName(match.group(1), match.group(2), (match.group(3) or "").removeprefix("v"))


class Bonsai:
    """Requests to Bonsai, or to the mirror in SENSU_BONSAI_URL."""

    def __init__(self, context: Context, url: str = "") -> None:
        self._url = (url or context.environment.get(URL_VARIABLE, DEFAULT_URL)).rstrip("/")
        tls = TLSOptions(usable_ca_file(context.configuration.trusted_ca_file, context.warn))
        timeout_s, environment = context.configuration.timeout_s, context.environment
        self._api = HTTPAPI(self._url, timeout_s=timeout_s, tls=tls, agent="sensuctl", environment=environment)

    def versions(self, asset: BonsaiName) -> list[str]:
        """The versions of an asset, the newest first; raises CommandFailed."""
        content = self._get(f"{_path(asset)}")
        found = content.get("versions") if isinstance(content, dict) else None
        names = [str(one.get("version", "")) for one in found or () if isinstance(one, dict)]
        return sorted((name for name in names if name), key=version_order, reverse=True)

    def release(self, asset: BonsaiName) -> dict[str, Any]:
        """The asset as a resource; raises CommandFailed."""
        content = self._get(f"{_path(asset)}/{quote(asset.version, safe='')}/release_asset_builder")
        if not isinstance(content, dict) or not isinstance(content.get("spec"), dict):
            raise CommandFailed(f"{self._url} did not answer with an asset")
        return content

    def _get(self, path: str) -> Any:
        try:
            answer = self._api.request("GET", path)
        except APIUnreachable as err:
            raise CommandFailed(str(err)) from err
        if answer.status >= 400:
            text = answer.body.decode(errors="replace").strip()[:500]
            raise CommandFailed(f"{self._url}{path} answered {answer.status}: {text}")
        try:
            return json.loads(answer.body)
        except ValueError as err:
            raise CommandFailed(f"{self._url}{path} did not answer with JSON") from err


def _path(asset: BonsaiName) -> str:
    return f"/api/v1/assets/{quote(asset.namespace, safe='')}/{quote(asset.name, safe='')}"


def version_order(version: str) -> tuple[list[int], bool, str]:
    """The sort key of a version: its numbers, a release after its candidates."""
    release, dash, candidate = version.removeprefix("v").partition("-")
    return [int(number) for number in _NUMBERS.findall(release)], not dash, candidate


def newest(versions: list[str]) -> str:
    """The newest release, or the newest candidate if nothing is released; empty if there are no versions."""
    return next((version for version in versions if "-" not in version), versions[0] if versions else "")
