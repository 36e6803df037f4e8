"""The comparison of a recorded value with what our programs did: strict JSON, varying paths, placeholders.

A placeholder `${NAME}` of a recording is either *known* (`${DIR}`, `${API}`: inserted before the comparison)
or *open* (`${ANY}`, `${VERSION}`: it stands for any text of some shape, see `OPEN_TEXTS` and `OPEN_VALUES`).
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

Json = Any
Path = tuple[str, ...]

PLACEHOLDER = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
NOT_EMPTY = r"[\s\S]+"
OPEN_TEXTS: Mapping[str, str] = {
    "ANY": r"[\s\S]*",
    "VARIES": r"[\s\S]*",
    "PROMPT": r"[\s\S]*",
    "HELP": NOT_EMPTY,
    "USAGE": NOT_EMPTY,
    "NOW": r"[\s\S]+?",
    "DATE": r"\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT",
    "KEY": r"[A-Za-z0-9+/=-]+",
    "VERSION": r"\d[0-9A-Za-z.+~-]*",
    "VM_ROLE": r"\w*",
    "LIBC_TYPE": r"\w*",
    "ETCD_CLIENT": r"[^\s\"]*[ ]*",
    "ETCD_PEER": r"[^\s\"]*[ ]*",
}
OPEN_VALUES: Mapping[str, Callable[[Json], bool]] = {
    "ANY": lambda value: True,
    "VARIES": lambda value: True,
    "SYSTEM": lambda value: isinstance(value, dict) and bool(value.get("hostname")) and bool(value.get("os")),
}


@dataclass(frozen=True)
class Difference:
    """One place where the answer is not the recorded one."""

    path: str
    want: Json
    got: Json
    what: str

    def __str__(self) -> str:
        return f"{self.path or '(whole)'}: {self.what}"


def differences(want: Json, got: Json, vary: Iterable[str] = (), root: str = "") -> list[Difference]:
    """Every place where `got` differs from the recorded `want`; none means that they agree.

    `vary` holds dotted paths (`*` for any index) whose value may differ: it must have the recorded JSON type and must
    not be empty (or zero) where the recorded one is not.
    """
    found: list[Difference] = []
    _walk(want, got, tuple(root.split(".")) if root else (), VaryingPaths(vary), found)
    return found


class VaryingPaths:
    """Tells whether a path is one of those that vary between two runs."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = [_path_pattern(pattern) for pattern in patterns]

    def __contains__(self, path: Path) -> bool:
        joined = ".".join(path)
        return any(pattern.fullmatch(joined) for pattern in self._patterns)

    def elements_of(self, path: Path) -> bool:
        """Whether the elements of the list at `path` vary, so that its length tells nothing either."""
        return (*path, "0") in self


@cache
def _path_pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(r"[^.]+".join(re.escape(part) for part in pattern.split("*")))


def _walk(want: Json, got: Json, path: Path, vary: VaryingPaths, found: list[Difference]) -> None:
    problem = _open_placeholder(want, got)
    if problem is not None:
        found.extend([Difference(".".join(path), want, got, problem)] if problem else [])
    elif path in vary:
        if not same_shape(want, got):
            text = f"want {article(type_name(want))} like {show(want)}, got {show(got)}"
            found.append(Difference(".".join(path), want, got, text))
    elif type_name(want) != type_name(got):
        text = f"want {type_name(want)} {show(want)}, got {type_name(got)} {show(got)}"
        found.append(Difference(".".join(path), want, got, text))
    elif isinstance(want, dict):
        _walk_object(want, got, path, vary, found)
    elif isinstance(want, list):
        _walk_list(want, got, path, vary, found)
    elif not (text_matches(want, got) if isinstance(want, str) else want == got):
        found.append(Difference(".".join(path), want, got, _text_difference(want, got)))


def _walk_object(want: Json, got: Json, path: Path, vary: VaryingPaths, found: list[Difference]) -> None:
    for key in sorted(want.keys() | got.keys()):
        place = (*path, str(key))
        if key not in got:
            found.append(Difference(".".join(place), want[key], None, f"missing, want {show(want[key])}"))
        elif key not in want:
            found.append(Difference(".".join(place), None, got[key], f"unexpected, got {show(got[key])}"))
        else:
            _walk(want[key], got[key], place, vary, found)


def _walk_list(want: Json, got: Json, path: Path, vary: VaryingPaths, found: list[Difference]) -> None:
    if len(want) != len(got) and not vary.elements_of(path):
        text = f"want {len(want)} items {show(want)}, got {len(got)}: {show(got)}"
        found.append(Difference(".".join(path), want, got, text))
    for index, (wanted, had) in enumerate(zip(want, got, strict=False)):
        _walk(wanted, had, (*path, str(index)), vary, found)


def _open_placeholder(want: Json, got: Json) -> str | None:
    """None where `want` is no open placeholder, else the problem with `got` (empty: none)."""
    match = PLACEHOLDER.fullmatch(want) if isinstance(want, str) else None
    accepts = OPEN_VALUES.get(match.group(1)) if match else None
    if accepts is None:
        return None
    return "" if accepts(got) else f"want {want}, got {show(got)}"


def text_matches(want: str, got: Json) -> bool:
    """Whether a text is the recorded one, its open placeholders standing for texts of their shape."""
    return isinstance(got, str) and (want == got or ("${" in want and bool(text_pattern(want).fullmatch(got))))


@cache
def text_pattern(want: str) -> re.Pattern[str]:
    """A pattern for a recorded text; a placeholder that is neither known nor open matches any non-empty run of text."""
    pieces, end = [], 0
    for match in PLACEHOLDER.finditer(want):
        pieces += [re.escape(want[end : match.start()]), OPEN_TEXTS.get(match.group(1), r"[^\n]+?")]
        end = match.end()
    return re.compile("".join([*pieces, re.escape(want[end:])]))


def same_shape(want: Json, got: Json) -> bool:
    """Whether a value that may vary has the recorded JSON type, and is not blank where the recorded one is not."""
    if type_name(want) == "float" and type_name(got) == "integer":
        return bool(got) or not want
    if type_name(want) != type_name(got):
        return False
    return bool(got) or not want if isinstance(want, (str, int, float)) and not isinstance(want, bool) else True


def expand(value: Json, known: Mapping[str, str]) -> Json:
    """The value with the known placeholders replaced; others stay."""
    if isinstance(value, dict):
        return {expand(key, known): expand(item, known) for key, item in value.items()}
    if isinstance(value, list):
        return [expand(item, known) for item in value]
    if not isinstance(value, str) or "${" not in value:
        return value
    return PLACEHOLDER.sub(lambda match: known.get(match.group(1), match.group(0)), value)


def without(value: Json, vary: Iterable[str], root: str) -> Json:
    """The value with everything at a varying path replaced by null, for sorting and for finding equals."""
    return _blank(value, tuple(root.split(".")), VaryingPaths(vary))


def _blank(value: Json, path: Path, vary: VaryingPaths) -> Json:
    if path in vary:
        return None
    if isinstance(value, dict):
        return {key: _blank(item, (*path, str(key)), vary) for key, item in value.items()}
    if isinstance(value, list):
        return [_blank(item, (*path, str(index)), vary) for index, item in enumerate(value)]
    return value


def header_differences(want: Sequence[Sequence[str]], got: Sequence[Sequence[str]], path: str) -> list[Difference]:
    """What differs between two lists of headers (name, value); the case of names and their order do not count."""
    wanted, had = _by_name(want), _by_name(got)
    return [
        difference
        for name in sorted(wanted.keys() | had.keys())
        for difference in differences(wanted.get(name, []), had.get(name, []), (), f"{path}.{name}")
    ]


def _by_name(headers: Sequence[Sequence[str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in sorted((str(name).title(), str(value)) for name, value in headers):
        found.setdefault(name, []).append(value)
    return found


def paired_differences(
    pairs: Sequence[tuple[Json | None, Json | None]], vary: Iterable[str], root: str
) -> list[Difference]:
    """What differs in pairs of elements; one without a partner is missing or unexpected."""
    found = []
    for index, (want, got) in enumerate(pairs):
        place = f"{root}.{index}"
        if want is None:
            found.append(Difference(place, None, got, f"unexpected: {show(got)}"))
        elif got is None:
            found.append(Difference(place, want, None, f"missing: {show(want)}"))
        else:
            found += differences(want, got, vary, place)
    return found


def canonical(value: Json) -> str:
    """One text for equal JSON values, for sorting and for finding equals."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def pair(
    want: Sequence[Json], got: Sequence[Json], key: Callable[[Json], Any], alike: Callable[[Json, Json], bool]
) -> list[tuple[Json | None, Json | None]]:
    """Each recorded element with the one it is to be compared with: of the same key the first alike, else the first.

    Elements without a partner come with None.
    """
    rest = list(got)
    chosen: list[Json | None] = [None] * len(want)
    for exact in (True, False):
        for index, wanted in enumerate(want):
            if chosen[index] is None:
                same = [had for had in rest if key(had) == key(wanted) and (not exact or alike(wanted, had))]
                if same:
                    chosen[index] = same[0]
                    rest = [had for had in rest if had is not same[0]]
    return [*zip(want, chosen, strict=True), *((None, had) for had in rest)]


def type_name(value: Json) -> str:
    """The JSON type, with whole numbers apart from those with a fraction."""
    names = {bool: "boolean", int: "integer", float: "float", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "null")


def article(noun: str) -> str:
    """The noun with its article."""
    return ("an " if noun[0] in "aeiou" else "a ") + noun


def show(value: Json, limit: int = 240) -> str:
    """A short text of the value for people."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= limit else text[: limit - 3] + "..."


def _text_difference(want: Json, got: Json) -> str:
    """Two values, or of two long texts the lines that differ."""
    if not isinstance(want, str) or max(len(want), len(got)) <= 200 or "\n" not in want:
        return f"want {show(want)}, got {show(got)}"
    wanted, had = want.split("\n"), got.split("\n")
    at = next((i for i, (w, g) in enumerate(zip(wanted, had, strict=False)) if w != g), min(len(wanted), len(had)))
    line = f"line {at + 1} of {len(wanted)}"
    return f"{line}: want {show(chr(10).join(wanted[at : at + 2]))}, got {show(chr(10).join(had[at : at + 2]))}"
