"""Settings of a program: each flag is also an environment variable and a key of a YAML file.

A program's settings are a frozen dataclass whose fields are made with `option`. The field `api_listen_address` is the
flag `--api-listen-address`, the variable `<PREFIX>_API_LISTEN_ADDRESS` and the key `api-listen-address`. A flag wins
over a variable, a variable over the file, the file over the default.
Source: docs, "Backend reference" and "Agent reference", configuration.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml

from sensu.errors import ConfigurationError, ConfigurationFileError
from sensu.flags import Flag, HelpAsked, convert, parse

T = TypeVar("T")
FILE_BYTES_MAX = 1 << 20
_GUESSES = {bool: "bool", int: "int", float: "float", tuple: "strings", dict: "map"}


def option(help_text: str, default: Any, *, short: str = "", kind: str = "", aliases: Sequence[str] = ()) -> Any:
    """A field of a settings class; `kind` is one of `sensu.flags`, guessed from the default; `duration` in seconds."""
    guessed = "seconds" if kind == "duration" else kind or _GUESSES.get(type(default), "string")
    metadata = {"help": help_text, "short": short, "kind": guessed, "aliases": tuple(aliases)}
    if isinstance(default, dict):
        return dataclasses.field(default_factory=lambda: dict(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


class HelpText(Exception):
    """The command line asks for help; `str()` of it is what to print."""


def load(
    shape: type[T],
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    prefix: str,
    usage: str,
    retired: frozenset[str] = frozenset(),
) -> T:
    """The settings from the command line, the environment and the file that they name.

    `retired` flags are taken with their values and have no effect. Raises ConfigurationError with one line that names
    the flag, variable or key, and HelpText.
    """
    given = _read_flags(shape, arguments, usage, retired)
    variables = _read_environment(shape, environment, prefix)
    path = given.get("config_file", variables.get("config_file"))
    defaults = {field.name: field.default for field in _fields(shape)}
    stored = _read_file(shape, Path(path or str(defaults.get("config_file", ""))), explicit=path is not None)
    return shape(**{**stored, **variables, **given})


def _fields(shape: type[Any]) -> tuple[dataclasses.Field[Any], ...]:
    return dataclasses.fields(shape)


def flag_name(field_name: str) -> str:
    """`api-listen-address` for the field `api_listen_address`."""
    return field_name.replace("_", "-")


def _by_flag(shape: type[Any]) -> dict[str, dataclasses.Field[Any]]:
    return {name: field for field in _fields(shape) for name in (flag_name(field.name), *field.metadata["aliases"])}


def _read_flags(shape: type[Any], arguments: Sequence[str], usage: str, retired: frozenset[str]) -> dict[str, Any]:
    by_flag = _by_flag(shape)
    flags = [
        Flag(name, f.metadata["kind"], short=f.metadata["short"] if name == flag_name(f.name) else "")
        for name, f in by_flag.items()
    ]
    try:
        found = parse([*flags, *(Flag(name, "ignored") for name in retired)], arguments)
    except HelpAsked as err:
        raise HelpText(help_text(shape, usage)) from err
    if found.words:
        raise ConfigurationError(f'unknown argument "{found.words[0]}"')
    return {by_flag[name].name: _frozen(value) for name, value in found.values.items() if name in by_flag}


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _read_environment(shape: type[Any], environment: Mapping[str, str], prefix: str) -> dict[str, Any]:
    """Lists in variables are separated by blanks or commas."""
    values: dict[str, Any] = {}
    for flag, field in _by_flag(shape).items():
        variable = f"{prefix}_{flag.upper().replace('-', '_')}"
        text = environment.get(variable)
        if text:
            text = ",".join(text.split()) if field.metadata["kind"] == "strings" else text
            values[field.name] = _frozen(convert(field.metadata["kind"], text, variable))
    return values


def _read_file(shape: type[Any], path: Path, *, explicit: bool) -> dict[str, Any]:
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise ConfigurationFileError(f"config file {path}: larger than {FILE_BYTES_MAX} bytes")
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        content = yaml.load(path.read_text(), Loader=loader)  # noqa: S506 - both are safe loaders
    except FileNotFoundError as err:
        if explicit:
            raise ConfigurationFileError(f"open {path}: no such file or directory") from err
        return {}
    except (OSError, UnicodeDecodeError) as err:
        raise ConfigurationFileError(f"config file {path}: {getattr(err, 'strerror', None) or err}") from err
    except yaml.YAMLError as err:
        mark = getattr(err, "problem_mark", None)
        where = f" line {mark.line + 1}" if mark is not None else ""
        raise ConfigurationFileError(
            f"config file {path}{where}: not valid YAML: {getattr(err, 'problem', err)}"
        ) from err
    return _read_mapping(shape, content, f"config file {path}")


def _read_mapping(shape: type[Any], content: Any, source: str) -> dict[str, Any]:
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigurationError(f"{source}: must hold keys and values")
    by_flag, values = _by_flag(shape), {}
    for key, value in content.items():
        field = by_flag.get(str(key))
        if field is not None and value is not None:
            values[field.name] = _from_yaml(field.metadata["kind"], value, f"{source}: {key}")
    return values


def _from_yaml(kind: str, value: Any, where: str) -> Any:
    if kind == "strings" and isinstance(value, list):
        return tuple(str(item) for item in value)
    if kind == "map" and isinstance(value, dict):
        # Keys in a file are lower-cased, as the reference's configuration library does (AG-04).
        return {str(k).lower(): str(v) for k, v in value.items()}
    if isinstance(value, list | dict):
        raise ConfigurationError(f"{where}: must be a {kind}")
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return _frozen(convert(kind, text, where))


def help_text(shape: type[Any], usage: str) -> str:
    """The help of a command: its usage line, then each flag with its default."""
    lines = [f"Usage:\n  {usage} [flags]\n\nFlags:"]
    for field in sorted(_fields(shape), key=lambda f: f.name):
        short = f"-{field.metadata['short']}, " if field.metadata["short"] else "    "
        default = field.default if field.default is not dataclasses.MISSING else ""
        shown = f" (default {default})" if default not in ("", (), False) else ""
        word = "" if field.metadata["kind"] == "bool" else f" {field.metadata['kind']}"
        lines.append(f"  {short}--{flag_name(field.name)}{word}\n          {field.metadata['help']}{shown}")
    return "\n".join(lines) + "\n"
