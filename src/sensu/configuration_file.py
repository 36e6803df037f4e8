"""Reads a YAML or JSON configuration file and keeps each value as its author wrote it.

A value in quotes is that text. A value without quotes follows the reference's rules (Go's YAML library and viper):
`22:00`, times and MAC addresses stay text; truth values, whole numbers and decimals get their usual form (`off` is
`false`, `0755` is `493`, `1.10` is `1.1`); null, lists and mappings are empty where a string is expected.
Source: reference, viper 1.7 and cast 1.3; docs, "Agent reference", "Backend reference".
"""

import codecs
import re
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from sensu.errors import ConfigurationFileError

FILE_BYTES_MAX = 1 << 20
"""A larger file is refused."""
_ENCODINGS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUTH = {
    spelling: text
    for words, text in ((("yes", "true", "on"), "true"), (("no", "false", "off"), "false"))
    for word in words
    for spelling in (word, word.capitalize(), word.upper())
}
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*|0[0-7]+|0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+)")
_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]*)?(?:\.[0-9]*)?")
_INTEGERS = range(-(2**63), 2**64)
_PLAIN_TAG, _MERGE_TAG = "!plain", "tag:yaml.org,2002:merge"


if TYPE_CHECKING:
    _Base = yaml.SafeLoader
else:
    _Base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Plain(str):
    """A value that was written without quotes."""

    __slots__ = ()


class ConfigurationFile(NamedTuple):
    """The content of a file: nested dicts, lists, `str` (quoted) and `Plain`; None for a file without content."""

    content: Any
    has_more_documents: bool


class _Loader(_Base):
    """Loads YAML and leaves values without quotes unresolved."""

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        """The tag of a node without one."""
        if kind is yaml.ScalarNode and implicit[0]:
            return _MERGE_TAG if value == "<<" else _PLAIN_TAG
        default: Any = super()
        return str(default.resolve(kind, value, (False, True) if kind is yaml.ScalarNode else implicit))


for _tag in (_PLAIN_TAG, *(f"tag:yaml.org,2002:{name}" for name in ("int", "float", "bool", "null", "timestamp"))):
    _Loader.add_constructor(_tag, lambda _, node: Plain(node.value))


def read_file(path: Path) -> ConfigurationFile:
    """The first document of a file; raises FileNotFoundError, and ConfigurationFileError that names the line."""
    try:
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
    except FileNotFoundError:
        raise
    except OSError as err:
        raise ConfigurationFileError(f"config file {path}: {(err.strerror or str(err)).lower()}") from err
    if len(data) > FILE_BYTES_MAX:
        raise ConfigurationFileError(f"config file {path}: larger than {FILE_BYTES_MAX} bytes")
    return _parsed(_decoded(data, path), path)


def _decoded(data: bytes, path: Path) -> str:
    encoding = next((name for mark, name in _ENCODINGS if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as err:
        raise ConfigurationFileError(
            f"config file {path}: not valid {encoding.removesuffix('-sig').upper()} text; save it as UTF-8"
        ) from err


def _parsed(text: str, path: Path) -> ConfigurationFile:
    loader: Any = _Loader(text)
    try:
        content = loader.get_data() if loader.check_data() else None
    except yaml.YAMLError as err:
        mark = getattr(err, "problem_mark", None)
        where = f" line {mark.line + 1}" if mark is not None else ""
        problem = getattr(err, "problem", None) or err
        raise ConfigurationFileError(f"config file {path}{where}: not valid YAML: {problem}") from err
    except RecursionError as err:
        raise ConfigurationFileError(f"config file {path}: nested too deeply") from err
    if is_null(content):
        content = None
    try:
        return ConfigurationFile(content, bool(loader.check_data()))
    except (yaml.YAMLError, RecursionError):
        return ConfigurationFile(content, has_more_documents=True)


def is_null(value: Any) -> bool:
    """Whether a value is missing or null."""
    return value is None or (isinstance(value, Plain) and value in _NULL)


def text_of(value: Any) -> str:
    """The string that a value of a file represents; empty for null, lists and mappings."""
    if not isinstance(value, Plain):
        return value if isinstance(value, str) else ""
    if value in _NULL:
        return ""
    return _TRUTH.get(value) or _number_text(value) or str(value)


def _number_text(value: str) -> str:
    """The usual form of a whole number or a decimal, as Go prints it; empty for anything else."""
    digits = value.replace("_", "") if value[0] in "+-.0123456789" else ""
    if _INTEGER.fullmatch(digits):
        octal = digits.lstrip("+-").startswith("0") and digits.lstrip("+-").isdecimal()
        number = int(digits, 8 if octal else 0)
        return str(number) if number in _INTEGERS else ""
    if "." in digits and digits.strip("+-.") and _DECIMAL.fullmatch(digits):
        return _decimal_text(float(digits))
    return ""


def _decimal_text(number: float) -> str:
    """Go's shortest form without an exponent: `1.1` for 1.10, `2` for 2.0."""
    text = format(Decimal(repr(number)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
