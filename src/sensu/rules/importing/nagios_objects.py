"""Object definitions of Nagios and Icinga 1, with the templates that they use.

Source: Nagios Core documentation, "Object definitions", "Object inheritance" and "Time-saving tricks".
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

DEPTH_MAX = 50
"""The maximum length of a chain of templates, or of groups within groups."""
_DEFINE = re.compile(r"\s*define\s+(\w+)\s*\{?\s*(.*)")
_COMMENT = re.compile(r"(?<!\\);.*")
_USER_MACRO = re.compile(r"\s*(\$USER\d+\$)\s*=\s*(.*?)\s*")
_OWN = frozenset(("use", "name", "register"))
NamedObject = Mapping[str, str]


@dataclass
class NagiosObjects:
    """What files define: objects by type, complete with what they inherit, and the macros `$USERn$`."""

    raw: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    macros: dict[str, str] = field(default_factory=dict)
    interval_length_s: float = 60.0
    problems: list[str] = field(default_factory=list)

    def read(self, name: str, text: str) -> None:
        """Add the definitions, macros and settings in a file."""
        current: dict[str, str] | None = None
        for line in _whole_lines(text):
            bare = _COMMENT.sub("", line).strip() if not line.lstrip().startswith("#") else ""
            if current is None:
                found = _DEFINE.fullmatch(bare)
                if found is not None:
                    current = {}
                    self.raw.setdefault(found[1], []).append(current)
                    bare = found[2]
                else:
                    self._setting(line)
                    continue
            ended = bare.endswith("}")
            key, _, value = bare.removesuffix("}").strip().lstrip("{").strip().partition(" ")
            if "\t" in key:
                key, _, value = f"{key} {value}".replace("\t", " ", 1).partition(" ")
            if key:
                current[key] = value.strip()
            if ended:
                current = None
        if current is not None:
            self.problems.append(f"{name}: the last definition has no end")

    def _setting(self, line: str) -> None:
        macro = _USER_MACRO.fullmatch(line)
        if macro is not None and not line.lstrip().startswith("#"):
            self.macros[macro[1]] = macro[2]
        length = re.fullmatch(r"\s*interval_length\s*=\s*(\d+)\s*", line)
        if length is not None and int(length[1]) > 0:
            self.interval_length_s = float(length[1])

    def of_type(self, kind: str) -> list[NamedObject]:
        """The objects of a type that are not only templates, with what they inherit."""
        templates = {one["name"]: one for one in self.raw.get(kind, ()) if one.get("name")}
        return [
            {name: value for name, value in _resolved(one, templates).items() if name not in _OWN and value != "null"}
            for one in self.raw.get(kind, ())
            if one.get("register") != "0"
        ]


def _whole_lines(text: str) -> Iterator[str]:
    """The lines of a file, in which a backslash at the end joins a line with the next."""
    return iter(re.sub(r"\\\r?\n\s*", "", text).splitlines())


def _resolved(one: Mapping[str, str], templates: Mapping[str, Mapping[str, str]], depth: int = 0) -> dict[str, str]:
    """An object with the values of its templates, of which the first has precedence; `+` adds to them."""
    found: dict[str, str] = {}
    if depth < DEPTH_MAX:
        for name in words_of(one.get("use", "")):
            for key, value in _resolved(templates.get(name, {}), templates, depth + 1).items():
                found.setdefault(key, value)
    for key, value in one.items():
        if value.startswith("+"):
            found[key] = ",".join(part for part in (found.get(key, ""), value[1:].strip()) if part)
        else:
            found[key] = value
    return {key: value for key, value in found.items() if not depth or key not in _OWN}


def words_of(text: str) -> list[str]:
    """The parts of a list with commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


class HostGroups:
    """The hosts of groups, by the members of groups and by the groups of hosts."""

    def __init__(self, hosts: Sequence[NamedObject], groups: Iterable[NamedObject]) -> None:
        self.names = [host["host_name"] for host in hosts if host.get("host_name")]
        self._groups = {one.get("hostgroup_name", ""): one for one in groups}
        self._of_hosts: dict[str, list[str]] = {}
        for host in hosts:
            for group in words_of(host.get("hostgroups", "")):
                self._of_hosts.setdefault(group, []).append(host.get("host_name", ""))

    def members(self, group: str, depth: int = 0) -> list[str]:
        """The hosts of a group, and of the groups within it; `*` stands for all hosts."""
        if group == "*" or depth > DEPTH_MAX:
            return list(self.names) if group == "*" else []
        one = self._groups.get(group, {})
        found = [*self._named(one.get("members", "")), *self._of_hosts.get(group, ())]
        for inner in words_of(one.get("hostgroup_members", "")):
            found += self.members(inner, depth + 1)
        return [name for name in dict.fromkeys(found) if name in self.names]

    def groups_of(self, host: str) -> list[str]:
        """The groups that a host is in."""
        return [group for group in dict.fromkeys([*self._groups, *self._of_hosts]) if host in self.members(group)]

    def chosen(self, names: str, groups: str) -> list[str]:
        """The hosts that a service names, by name and by group; `!` excludes."""
        wanted = [*self._named(names)]
        excluded = {name[1:] for name in words_of(names) if name.startswith("!")}
        for group in words_of(groups):
            if group.startswith("!"):
                excluded |= set(self.members(group[1:]))
            else:
                wanted += self.members(group)
        return [name for name in dict.fromkeys(wanted) if name in self.names and name not in excluded]

    def _named(self, names: str) -> list[str]:
        listed = [name for name in words_of(names) if not name.startswith("!")]
        return list(self.names) if "*" in listed else listed
