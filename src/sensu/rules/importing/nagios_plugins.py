"""Commands of the Monitoring Plugins as commands of `sensu-check`.

A command with a flag that has no counterpart is not converted, so that nothing is checked less than before.
"""

import getopt
import re
import shlex
from collections.abc import Callable, Mapping

from sensu.rules.importing.web_addresses import joined_address

Options = Mapping[str, str]


def as_sensu_check(command_line: str) -> list[str] | None:
    """The words of `sensu-check` for the command line of a plugin; None if it has to stay as it is."""
    try:
        words = shlex.split(command_line)
    except ValueError:
        return None
    if not words or any(word in ("|", ";", "&&", "||", ">") for word in words):
        return None
    known = _PLUGINS.get(words[0].rpartition("/")[2])
    if known is None:
        return None
    short, long_names, convert = known
    try:
        given, rest = getopt.gnu_getopt(words[1:], short, [*long_names])
    except getopt.GetoptError:
        return None
    letters = {f"--{name.rstrip('=')}": letter for name, letter in long_names.items()}
    options: dict[str, str] = {}
    for name, value in given:
        letter = letters.get(name, name.removeprefix("-"))
        if letter in options:
            return None  # a flag that is given twice has no counterpart
        options[letter] = value
    if len(rest) > 1:
        return None
    return convert({**options, "rest": rest[0]} if rest else options)


def _limits(of: Options, unit: str = "") -> list[str]:
    """The ranges for warning and critical, with a unit for numbers that have none."""
    words: list[str] = []
    for name in ("w", "c"):
        if of.get(name):
            value = of[name]
            words += [f"-{name}", f"{value}{unit}" if re.fullmatch(r"[0-9.]+", value) else value]
    return words


def _timed(of: Options) -> list[str]:
    return ["-t", f"{of['t']}s"] if of.get("t", "").isdecimal() else []


def _ping(of: Options) -> list[str] | None:
    host = of.get("H") or of.get("rest", "")
    if not host:
        return None
    words = ["ping", host]
    for name in ("w", "c"):
        found = re.fullmatch(r"([0-9.]+),([0-9.]+)%?", of.get(name, ""))
        if of.get(name) and not found:
            return None
        words += [f"-{name}", f"{found[1]}ms,{found[2]}%"] if found else []
    count = of.get("p") or of.get("n")
    return [*words, *(["--count", count] if count else []), *_timed(of)]


def _http(of: Options) -> list[str] | None:
    host = of.get("H") or of.get("I", "")
    if not host or (of.get("H") and of.get("I") and of["H"] != of["I"]):
        return None  # an address of its own beside the name cannot be given
    secure = "S" in of or of.get("p") == "443"
    port = of.get("p", "")
    place = joined_address(host, port) if port and port != ("443" if secure else "80") else host
    if of.get("C"):
        warning, _, critical = of["C"].partition(",")
        return ["tls", joined_address(host, port or "443"), "-w", f"{warning}d:", "-c", f"{critical or 0}d:"]
    words = ["http", f"http{'s' if secure else ''}://{place}{of.get('u', '/')}"]
    if of.get("e"):
        found = re.search(r"\b([1-5]\d\d)\b", of["e"])
        if found is None:
            return None
        words += ["--status", found[1]]
    words += ["--contains", of["s"]] if of.get("s") else []
    words += ["--regex", of["r"]] if of.get("r") else []
    words += ["--redirects", "5" if of.get("f") == "follow" else "0"]
    return [*words, *_limits(of, "s"), *_timed(of)]


def _tcp(of: Options) -> list[str] | None:
    if not of.get("H") or not of.get("p"):
        return None
    words = ["tcp", joined_address(of["H"], of["p"])]
    words += ["--send", of["s"]] if of.get("s") else []
    words += ["--expect", of["e"]] if of.get("e") else []
    return [*words, *(["--tls"] if "S" in of else []), *_limits(of, "s"), *_timed(of)]


def _server(name: str) -> Callable[[Options], list[str] | None]:
    def convert(of: Options) -> list[str] | None:
        host = of.get("H") or of.get("rest", "")
        if not host:
            return None
        place = joined_address(host, of["p"]) if of.get("p") else host
        return [name, place, *(["--starttls"] if "S" in of else []), *_limits(of, "s"), *_timed(of)]

    return convert


def _dns(of: Options) -> list[str] | None:
    if not of.get("H"):
        return None
    words = ["dns", of["H"], *(["--server", of["s"]] if of.get("s") else [])]
    for value in of["a"].split(",") if of.get("a") else ():
        words += ["--expect", value]
    return [*words, *_limits(of, "s"), *_timed(of)]


def _load(of: Options) -> list[str] | None:
    return ["load", *(["--per-cpu"] if "r" in of else []), *_limits(of)]


def _used(of: Options) -> list[str] | None:
    """The ranges of what is used, for those of what is free in percent; None for other units."""
    words: list[str] = []
    for name in ("w", "c"):
        found = re.fullmatch(r"(\d+)%", of.get(name, ""))
        if of.get(name) and not found:
            return None
        words += [f"-{name}", f"{100 - int(found[1])}%"] if found else []
    return words


def _disk(of: Options) -> list[str] | None:
    used = _used(of)
    return None if used is None else ["disk", *(["-p", of["p"]] if of.get("p") else []), *used]


def _swap(of: Options) -> list[str] | None:
    used = _used(of)
    return None if used is None else ["swap", *used]


def _procs(of: Options) -> list[str] | None:
    if not of.get("C"):
        return None
    return ["process", of["C"], *(["--args-match", of["a"]] if of.get("a") else []), *_limits(of)]


_TIMES = {"warning=": "w", "critical=": "c", "timeout=": "t"}
_NET = {**_TIMES, "hostname=": "H", "port=": "p"}
_PLUGINS: Mapping[str, tuple[str, Mapping[str, str], Callable[[Options], list[str] | None]]] = {
    "check_ping": ("H:w:c:p:t:", {**_TIMES, "hostname=": "H", "packets=": "p"}, _ping),
    "check_icmp": ("H:w:c:n:t:", {"packets=": "n"}, _ping),
    "check_http": (
        "H:I:p:u:e:s:r:w:c:t:f:SC:",
        {**_NET, "IP-address=": "I", "url=": "u", "expect=": "e", "string=": "s", "regex=": "r", "ssl": "S"}
        | {"onredirect=": "f", "certificate=": "C"},
        _http,
    ),
    "check_tcp": ("H:p:w:c:t:s:e:S", {**_NET, "send=": "s", "expect=": "e", "ssl": "S"}, _tcp),
    "check_ssh": ("H:p:t:", {"hostname=": "H", "port=": "p", "timeout=": "t"}, _server("ssh")),
    "check_smtp": ("H:p:w:c:t:S", {**_NET, "starttls": "S"}, _server("smtp")),
    "check_imap": ("H:p:w:c:t:", _NET, _server("imap")),
    "check_dns": ("H:s:a:w:c:t:", {**_TIMES, "hostname=": "H", "server=": "s", "expected-address=": "a"}, _dns),
    "check_load": ("w:c:r", {"warning=": "w", "critical=": "c", "percpu": "r"}, _load),
    "check_disk": ("w:c:p:", {"warning=": "w", "critical=": "c", "path=": "p"}, _disk),
    "check_swap": ("w:c:", {"warning=": "w", "critical=": "c"}, _swap),
    "check_procs": ("w:c:C:a:", {**_TIMES, "command=": "C", "argument-array=": "a"}, _procs),
}
ON_THE_HOST = frozenset(("disk", "load", "process", "swap"))
"""The checks that are about the host that they run on."""
