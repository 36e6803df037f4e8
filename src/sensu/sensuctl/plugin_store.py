"""The commands installed by users: a list in the cache folder and their archives."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sensu.errors import ConfigurationError

PLUGINS_MAX = 1000


class PluginStore:
    """The installed commands, each an asset under an alias."""

    def __init__(self, cache_dir: Path) -> None:
        self._path = cache_dir / "commands.json"
        self.assets_dir = cache_dir / "assets"

    def all(self) -> dict[str, Any]:
        """The assets by alias, in order of the aliases."""
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as err:
            raise ConfigurationError(f"list of commands {self._path}: {err}") from err
        if not isinstance(content, dict):
            raise ConfigurationError(f"list of commands {self._path}: must hold an object")
        return dict(sorted(content.items()))

    def add(self, alias: str, asset: Mapping[str, Any]) -> None:
        """Store an asset under an alias."""
        plugins = self.all()
        if len(plugins) >= PLUGINS_MAX:
            raise ConfigurationError(f"list of commands {self._path}: holds {PLUGINS_MAX} already")
        self._write({**plugins, alias: asset})

    def remove(self, alias: str) -> None:
        """Remove an alias if it exists."""
        plugins = self.all()
        if plugins.pop(alias, None) is not None:
            self._write(plugins)

    def _write(self, plugins: Mapping[str, Any]) -> None:
        new = self._path.with_name(self._path.name + ".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                json.dump(plugins, file, indent=2, ensure_ascii=False)
            new.replace(self._path)
        except OSError as err:
            raise ConfigurationError(f"list of commands {self._path}: {err.strerror}") from err
