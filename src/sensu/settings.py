"""Settings of a program: each flag is also an environment variable and a key of a YAML file.

A program's settings are a frozen dataclass whose fields are made with `option`. The field `api_listen_address` is the
flag `--api-listen-address`, the variable `<PREFIX>_API_LISTEN_ADDRESS` and the key `api-listen-address`. A flag wins
over a variable, a variable over the file, the file over the default.
Source: docs, "Backend reference" and "Agent reference", configuration.
"""

import dataclasses
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from sensu.configuration_file import ConfigurationFile, is_null, read_file, text_of
from sensu.errors import ConfigurationError, ConfigurationFileError
from sensu.flags import Flag, HelpAsked, UnknownFlag, convert, parse
from sensu.rules.spelling import nearest

log = logging.getLogger("sensu.settings")

T = TypeVar("T")
NAMES_SHOWN_MAX = 50
"""How many ignored names one line lists."""
_LETTERS = {"y": "true", "Y": "true", "n": "false", "N": "false"}
_SHAPES = {
    "string": "a single value",
    "strings": "a list",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "seconds": "a duration such as 90s",
    "map": "keys and values",
}
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
    elsewhere: frozenset[str] = frozenset(),
    remark: Callable[[str], object] = log.warning,
) -> T:
    """The settings from the command line, the environment and the file that they name.

    `retired` names are accepted with their values and have no effect; keys `elsewhere` belong to another command that
    reads the same file. `remark` gets a line for each kind of entry that is ignored: unknown keys, names without
    effect, misspelled variables, further documents. Raises ConfigurationError with one line that names the flag,
    variable or key, and HelpText.
    """
    given, unused = _read_flags(shape, arguments, usage, retired)
    variables = _read_environment(shape, environment, prefix)
    unused |= {name for name in retired if environment.get(_variable(prefix, name))}
    path = given.get("config_file", variables.get("config_file"))
    defaults = {field.name: field.default for field in _fields(shape)}
    where = Path(path or str(defaults.get("config_file", "")))
    file = _read_file(where, explicit=path is not None)
    stored, others = _read_mapping(shape, file.content, f"config file {where}")
    unused |= others & retired
    _remark(remark, where, unused, others - retired - elsewhere, names_of(shape) | retired)
    misspelled = _misspelled(environment, prefix, names_of(shape) | retired | elsewhere)
    if misspelled:
        remark(f"unknown: {_listed(misspelled)}; in the environment")
    if file.has_more_documents:
        remark(f"config file {where}: only its first document is read")
    return shape(**{**stored, **variables, **given})


def _remark(
    remark: Callable[[str], object], where: Path, unused: set[str], unknown: set[str], known: Collection[str]
) -> None:
    if unknown:
        remark(f"unknown: {_listed([_suggested(name, known) for name in sorted(unknown)])}; in config file {where}")
    if unused:
        remark(f"without effect here: {_listed(sorted(unused))}")


def _listed(names: Sequence[str]) -> str:
    more = len(names) - NAMES_SHOWN_MAX
    return ", ".join(names[:NAMES_SHOWN_MAX]) + (f" and {more} more" if more > 0 else "")


def _suggested(name: str, known: Collection[str]) -> str:
    """An unknown name, with the known one that its author may have meant."""
    hyphened = name.replace("_", "-")
    similar = hyphened if hyphened in known else nearest(hyphened, known)
    return f"{name} (did you mean {similar}?)" if similar else name


def _misspelled(environment: Mapping[str, str], prefix: str, known: Collection[str]) -> list[str]:
    """The variables that look like known ones, with those; others belong to somebody else."""
    start = f"{prefix}_"
    names = {_variable(prefix, name).removeprefix(start): name for name in known}
    given = sorted(name.removeprefix(start) for name in environment if name.startswith(start))
    meant = {name: nearest(name, names) for name in given if name not in names}
    return [f"{start}{name} (did you mean {start}{similar}?)" for name, similar in meant.items() if similar]


def _fields(shape: type[Any]) -> tuple[dataclasses.Field[Any], ...]:
    return dataclasses.fields(shape)


def flag_name(field_name: str) -> str:
    """`api-listen-address` for the field `api_listen_address`, `from` for `from_` (`from` is a keyword of Python)."""
    return field_name.rstrip("_").replace("_", "-")


def names_of(shape: type[Any]) -> frozenset[str]:
    """The names that the settings have as flags and keys, older ones included."""
    return frozenset(_by_flag(shape))


def _by_flag(shape: type[Any]) -> dict[str, dataclasses.Field[Any]]:
    return {name: field for field in _fields(shape) for name in (flag_name(field.name), *field.metadata["aliases"])}


def _read_flags(
    shape: type[Any], arguments: Sequence[str], usage: str, retired: frozenset[str]
) -> tuple[dict[str, Any], set[str]]:
    """The values of the flags that are given, and the retired flags among them."""
    by_flag = _by_flag(shape)
    flags = [
        Flag(name, f.metadata["kind"], short=f.metadata["short"] if name == flag_name(f.name) else "")
        for name, f in by_flag.items()
    ]
    try:
        found = parse([*flags, *(Flag(name, "ignored") for name in retired)], arguments)
    except HelpAsked as err:
        raise HelpText(help_text(shape, usage)) from err
    except UnknownFlag as err:
        similar = err.name.replace("_", "-") if err.name.replace("_", "-") in by_flag else nearest(err.name, by_flag)
        raise ConfigurationError(f"{err}; did you mean --{similar}?" if similar else str(err)) from err
    if found.words:
        raise ConfigurationError(f'unknown argument "{found.words[0]}"')
    given = {by_flag[name].name: _frozen(value) for name, value in found.values.items() if name in by_flag}
    return given, set(found.values) & retired


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _variable(prefix: str, flag: str) -> str:
    return f"{prefix}_{flag.upper().replace('-', '_')}"


def _read_environment(shape: type[Any], environment: Mapping[str, str], prefix: str) -> dict[str, Any]:
    """Lists in variables are separated by blanks or commas."""
    values: dict[str, Any] = {}
    for flag, field in _by_flag(shape).items():
        text = environment.get(_variable(prefix, flag))
        if text:
            values[field.name] = _from_text(field.metadata["kind"], text, _variable(prefix, flag))
    return values


def _from_text(kind: str, text: str, where: str) -> Any:
    """The value of a text; a list is separated by blanks or commas."""
    return _frozen(convert(kind, ",".join(text.split()) if kind == "strings" else text, where))


def _read_file(path: Path, *, explicit: bool) -> ConfigurationFile:
    try:
        return read_file(path)
    except FileNotFoundError as err:
        if explicit:
            raise ConfigurationFileError(f"open {path}: no such file or directory") from err
        return ConfigurationFile(None, has_more_documents=False)


def _read_mapping(shape: type[Any], content: Any, source: str) -> tuple[dict[str, Any], set[str]]:
    """The values of the known keys, in any case, and the names of the other keys."""
    if content is None:
        return {}, set()
    if not isinstance(content, dict):
        raise ConfigurationError(f"{source}: must hold keys and values")
    by_flag, values, others = _by_flag(shape), dict[str, Any](), set[str]()
    for key, value in content.items():
        name = text_of(key)
        field = by_flag.get(name.lower())
        if field is None:
            others.add(name.lower())
        elif not is_null(value):
            values[field.name] = _from_file(field.metadata["kind"], value, f"{source}: {name}")
    return values, others


def _from_file(kind: str, value: Any, where: str) -> Any:
    if kind == "strings" and isinstance(value, list):
        return tuple(text for text in map(text_of, value) if text)
    if kind == "map" and isinstance(value, dict):
        # Keys in a file are lower-cased, as the reference's configuration library does (AG-04).
        return {text_of(k).lower(): text_of(v) for k, v in value.items()}
    if isinstance(value, list | dict):
        raise ConfigurationError(f"{where}: must be {_SHAPES[kind]}")
    text = text_of(value)
    return _from_text(kind, _LETTERS.get(text, text) if kind == "bool" else text, where)


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
