"""YAML as the reference reads and writes it: lists not indented, `""` for empty text, double quotes around look-alikes.

Source: recorded sensuctl sessions (colour, entity-details, check-set).
"""

import re
from typing import Any

import yaml

_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_LOOK_ALIKE = re.compile(
    r"""
    | ~ | null | Null | NULL | <<
    | y | Y | yes | Yes | YES | n | N | no | No | NO | on | On | ON | off | Off | OFF
    | true | True | TRUE | false | False | FALSE
    | [-+]? (?: 0b[01_]+ | 0o?[0-7_]+ | 0x[0-9a-fA-F_]+ | [0-9][0-9_]* )
    | [-+]? (?: \.[0-9_]+ | [0-9][0-9_]* (?: \.[0-9_]* )? ) (?: [eE][-+]?[0-9]+ )?
    | [-+]? \.(?: inf | Inf | INF ) | \.(?: nan | NaN | NAN )
    | [-+]? [0-9][0-9_]* (?: :[0-5]?[0-9] )+ (?: \.[0-9_]* )?
    | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2} (?: (?: [Tt]|[ \t]+ ) [0-9]{1,2}:[0-9]{2}:[0-9]{2} .* )?
    """,
    re.VERBOSE,
)
"""Texts that would be read back as something else: null, truth values, numbers (also to base 60) and times."""


_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BOOL, _TIMESTAMP = "tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp"


class Loader(_Loader):  # type: ignore[misc]
    """A safe loader by YAML 1.1: a plain y is true and a plain n false; times are texts, as JSON has none."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - the library's way
        first: [(tag, pattern) for tag, pattern in found if tag != _TIMESTAMP]
        for first, found in _Loader.yaml_implicit_resolvers.items()
    }
    bool_values = {**_Loader.bool_values, "y": True, "n": False}  # noqa: RUF012


Loader.add_implicit_resolver(_BOOL, re.compile("[yYnN]$"), ["y", "Y", "n", "N"])


class _Style(_Dumper):  # type: ignore[misc]
    """The dumper with our style of texts."""

    def ignore_aliases(self, data: Any) -> bool:
        """A value that stands twice is written twice."""
        return True


def _represent_text(dumper: Any, text: str) -> Any:
    style = None
    if "\n" in text:
        style = "|"
    elif _LOOK_ALIKE.fullmatch(text):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Style.add_representer(str, _represent_text)


def to_yaml(value: Any) -> str:
    """One YAML document, keys in the order given."""
    text: str = yaml.dump(
        value, Dumper=_Style, sort_keys=False, allow_unicode=True, width=1 << 20, default_flow_style=False
    )
    return text
