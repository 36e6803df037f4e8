"""Writes docs/configuration.md from the tables of settings: `python -m sensu.settings_reference`."""

import dataclasses
from typing import Any

from sensu.agent import settings as agent
from sensu.backend import settings as backend
from sensu.resources.entity import DEFAULT_REDACT
from sensu.settings import flag_name

_HEAD = """# Configuration

Backend and agent read their settings from flags, environment variables and a YAML file. Flags take precedence over
variables, variables over the file, and the file over defaults. This page is generated (`make docs`).

| Program | File | Prefix of variables |
| --- | --- | --- |
| `sensu-backend` | `/etc/sensu/backend.yml` | `SENSU_BACKEND_` |
| `sensu-agent` | `/etc/sensu/agent.yml` | `SENSU_` |

The key `api-url` of the file is the flag `--api-url` and the variable with the prefix and `API_URL`. `--config-file`
(`-c`) names another file, which must exist.

## Values
- Keys are case-insensitive. The file must be UTF-8, or UTF-16 with a byte order mark. JSON is valid YAML. If the file
  contains several documents, the first one is used.
- **Strings** in quotes are used unchanged. Without quotes, some values are converted, as in Sensu Go: `yes`, `on` and
  `true` become `true`; `no`, `off` and `false` become `false`; `0755` becomes `493`, `0x1F` becomes `31`, `1_000`
  becomes `1000`, and `1.10` becomes `1.1`; null, a list or a mapping becomes empty. Quote such values to keep them.
- **Lists** are YAML lists, or one string with spaces or commas between the items. Flags separate items by commas and
  can be repeated; an item that contains a comma must be in double quotes. Variables separate items by spaces or commas.
- **Maps** (labels and annotations) are YAML mappings, whose keys are lower-cased. Flags take `key=value,other=value`;
  flags and variables also take a JSON object. Both keep the case of the keys.
- **Durations** are written as `90s` or `1h30m`; a number without a unit is in seconds.
- **Booleans** as flags have no value (`--disable-api`), or a value after `=` (`--disable-api=false`).

At startup, the programs log unknown keys, with a suggestion for each, and settings that are accepted without effect.
"""
_KINDS = {"strings": "list", "int": "number", "float": "number", "bool": "boolean", "seconds": "duration"}


def page() -> str:
    """The page, in Markdown."""
    start = {field.name for field in dataclasses.fields(backend.BackendSettings)}
    init = [field for field in dataclasses.fields(backend.InitSettings) if field.name not in start]
    parts = [_HEAD]
    parts.append("## sensu-agent start\n\n" + _table(list(dataclasses.fields(agent.AgentSettings))))
    parts.append(_without_effect("sensu-agent", agent.RETIRED_FLAGS))
    parts.append("## sensu-backend start\n\n" + _table(list(dataclasses.fields(backend.BackendSettings))))
    parts.append(_without_effect("sensu-backend", backend.RETIRED_FLAGS))
    intro = "The settings of `sensu-backend start` and these, which can be in the same file:"
    parts.append(f"## sensu-backend init\n\n{intro}\n\n{_table(init)}")
    return "\n".join(parts)


def _table(fields: list[dataclasses.Field[Any]]) -> str:
    rows = ["| Key | Value | Default | Meaning |", "| --- | --- | --- | --- |"]
    for field in sorted(fields, key=lambda field: field.name):
        kind = field.metadata["kind"]
        aliases = "".join(f", older `{name}`" for name in field.metadata["aliases"])
        key = f"`{flag_name(field.name)}`{aliases}"
        rows.append(f"| {key} | {_KINDS.get(kind, kind)} | {_default(field)} | {field.metadata['help']} |")
    return "\n".join(rows) + "\n"


def _default(field: dataclasses.Field[Any]) -> str:
    if field.default is dataclasses.MISSING or field.default in ("", ()):
        return ""
    if field.name == "name":
        return "the host's name"
    if field.default == DEFAULT_REDACT:
        return ", ".join(DEFAULT_REDACT)
    if isinstance(field.default, tuple):
        return ", ".join(f"`{item}`" for item in field.default)
    if isinstance(field.default, bool):
        return f"`{str(field.default).lower()}`"
    if field.metadata["kind"] == "seconds":
        hours = field.default / 3600
        return f"`{hours:g}h`" if hours >= 1 and hours.is_integer() else f"`{field.default:g}s`"
    return f"`{field.default}`"


def _without_effect(program: str, retired: frozenset[str]) -> str:
    names = ", ".join(f"`{name}`" for name in sorted(retired))
    return f"`{program}` accepts these settings of Sensu Go without effect: {names}.\n"


if __name__ == "__main__":
    print(page(), end="")
