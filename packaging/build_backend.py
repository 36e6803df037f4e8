"""Builds wheels and source archives as setuptools does, with the web UI in them.

The web UI is built first where `dist/` is missing or older than its sources; only then Node is installed in the build's
own environment. A source archive carries `dist/`, so installing from one needs no Node. Editable installs leave the web
UI to `make web`.
"""

import shutil
from collections.abc import Mapping
from typing import Any

import web_ui
from setuptools import build_meta
from setuptools.build_meta import (  # what the rest of the interface does is setuptools' own
    build_editable,
    get_requires_for_build_editable,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

_NODE = web_ui.CHECKOUT / "requirements" / "web.in"
_Settings = Mapping[str, Any] | None


def get_requires_for_build_wheel(config_settings: _Settings = None) -> list[str]:
    """What is needed to build a wheel."""
    return [*build_meta.get_requires_for_build_wheel(config_settings), *_node()]


def get_requires_for_build_sdist(config_settings: _Settings = None) -> list[str]:
    """What is needed to build a source archive."""
    return [*build_meta.get_requires_for_build_sdist(config_settings), *_node()]


def build_wheel(wheel_directory: str, config_settings: _Settings = None, metadata_directory: str | None = None) -> str:
    """A wheel with the web UI."""
    _build_web_ui()
    # Setuptools adds what an earlier build left here, such as assets of a former dist/.
    shutil.rmtree(web_ui.CHECKOUT / "build", ignore_errors=True)
    return str(build_meta.build_wheel(wheel_directory, config_settings, metadata_directory))


def build_sdist(sdist_directory: str, config_settings: _Settings = None) -> str:
    """A source archive with the web UI and its sources."""
    _build_web_ui()
    return str(build_meta.build_sdist(sdist_directory, config_settings))


def _node() -> list[str]:
    if web_ui.is_built():
        return []
    lines = [line.strip() for line in _NODE.read_text().splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def _build_web_ui() -> None:
    if web_ui.is_built():
        return
    try:
        web_ui.build()
    except web_ui.Failed as err:
        raise SystemExit(str(err).splitlines()[0]) from err
