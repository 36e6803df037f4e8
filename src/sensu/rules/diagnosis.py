"""Judges what `doctor` of all programs finds: is it as it should be, and if not, what helps?

Here are the judgements of `sensuctl doctor`, and those that it shares with the other programs.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

GOOD, WARNING, PROBLEM = "good", "warning", "problem"
LEVELS = (GOOD, WARNING, PROBLEM)
"""The levels of diagnoses; the place of the worst one is the exit status."""
AGENTS_PORT, WEB_PORT, API_PORT = 8081, 3000, 8080
CLOCK_WARNING_S, CLOCK_PROBLEM_S = 5.0, 60.0
CERTIFICATE_WARNING_DAYS = 14
FREE_BYTES_PROBLEM, FREE_BYTES_WARNING, FREE_WARNING = 100 * 2**20, 2 * 2**30, 0.1
"""Less free space is a problem; below both the bytes and the part of the disk, it is a warning."""
INODES_WARNING, INODES_PROBLEM = 0.05, 0.01
SHOWN_MAX = 5
PRIVATE = 0o077
"""The permissions of a file that let others than its owner in."""


class Diagnosis(NamedTuple):
    """What was looked at, how it is, in a sentence, and what helps, empty if nothing is wrong."""

    subject: str
    level: str
    found: str
    remedy: str = ""


def of_file(path: str, mode: int | None) -> Diagnosis:
    """The file with the session; `mode` has its permissions, None if there is no file."""
    if mode is None:
        return Diagnosis("configuration", WARNING, f"{path} does not exist", "run: sensuctl configure")
    if mode & PRIVATE:
        return Diagnosis("configuration", PROBLEM, f"other users may read {path}", f"run: chmod 600 {path}")
    return Diagnosis("configuration", GOOD, path)


def of_url(url: str, port: int) -> Diagnosis:
    """The URL of the API and its port."""
    others = {AGENTS_PORT: "agents connect to", WEB_PORT: "the web UI uses"}
    if port in others:
        found = f"{url} has the port that {others[port]} by default"
        return Diagnosis(
            "URL", WARNING, found, f"the API usually listens on port {API_PORT}: sensuctl configure --url …"
        )
    return Diagnosis("URL", GOOD, url)


def of_certificate(days: int, subject: str = "certificate") -> Diagnosis:
    """The certificate of the backend, which is valid for some more days."""
    if days < 0:
        return Diagnosis(subject, PROBLEM, "has expired", "renew it, and restart the backend")
    found = f"is valid for {counted(days, 'more day')}"
    if days < CERTIFICATE_WARNING_DAYS:
        return Diagnosis(subject, WARNING, found, "renew it, and restart the backend")
    return Diagnosis(subject, GOOD, found)


def of_clock(ahead_s: float, subject: str = "clock") -> Diagnosis:
    """The clock of the backend, compared with that of this computer."""
    size = abs(ahead_s)
    if size <= CLOCK_WARNING_S:
        return Diagnosis(subject, GOOD, "agrees with the backend's")
    level = WARNING if size <= CLOCK_PROBLEM_S else PROBLEM
    found = f"the backend's clock is {size:.0f} s {'ahead' if ahead_s > 0 else 'behind'}"
    return Diagnosis(subject, level, found, "set both by NTP; log-ins and the ends of silences depend on it")


def of_settings(remarks: Sequence[str], file: str) -> Diagnosis:
    """The settings of a service; `remarks` say what of them is ignored."""
    if remarks:
        return Diagnosis(
            "settings", WARNING, "; ".join(remarks), "correct or remove them; what is unknown has no effect"
        )
    return Diagnosis("settings", GOOD, file or "from flags and variables, no file")


def of_space(subject: str, path: str, free_bytes: int, total_bytes: int, free_inodes: int, inodes: int) -> Diagnosis:
    """The disk of a folder; file systems without a number of inodes have 0 of them."""
    found = f"{path} has {free_bytes / 2**30:.1f} of {total_bytes / 2**30:.1f} GiB free"
    remedy = f"free space there, or move the folder; what uses it: du -xh {path} | sort -h | tail"
    if inodes and free_inodes < inodes * INODES_WARNING:
        level = PROBLEM if free_inodes < inodes * INODES_PROBLEM else WARNING
        return Diagnosis(subject, level, f"{path} has {counted(free_inodes, 'free inode')} of {inodes}", remedy)
    if free_bytes < FREE_BYTES_PROBLEM:
        return Diagnosis(subject, PROBLEM, found, remedy)
    if free_bytes < min(FREE_BYTES_WARNING, total_bytes * FREE_WARNING):
        return Diagnosis(subject, WARNING, found, remedy)
    return Diagnosis(subject, GOOD, found)


def of_port(subject: str, address: str, taken: bool, flag: str) -> Diagnosis:
    """A port that a service will listen on while the service does not run."""
    if taken:
        remedy = f"see which one: ss -lptu; choose another port with {flag}, or stop it"
        return Diagnosis(subject, PROBLEM, f"another program uses {address}", remedy)
    return Diagnosis(subject, GOOD, f"{address} is free")


def of_session(left_s: float | None, username: str) -> Diagnosis:
    """The log-in of a user, with the time until its access token ends; None for an API key."""
    if left_s is None:
        return Diagnosis("log-in", GOOD, "the API key is accepted")
    minutes = max(0, int(left_s // 60))
    return Diagnosis("log-in", GOOD, f"{username}; the access token lasts for {counted(minutes, 'more minute')}")


def of_health(members: Iterable[Mapping[str, Any]]) -> Diagnosis:
    """The members of the cluster, as the health endpoint has them."""
    listed = list(members)
    ill = [f"{one.get('Name')}: {one.get('Err') or 'not healthy'}" for one in listed if not one.get("Healthy")]
    if ill:
        return Diagnosis("health", PROBLEM, _some(ill), "see the backend's log, and: sensuctl cluster health")
    return Diagnosis("health", GOOD, f"{counted(len(listed), 'member')}, healthy")


def of_rights(refused: Sequence[str], asked: int, namespace: str) -> Diagnosis:
    """The kinds of resources that the user may not list."""
    if not refused:
        return Diagnosis("rights", GOOD, f"may list {counted(asked, 'kind')} of resources in {namespace}")
    level = PROBLEM if len(refused) == asked else WARNING
    remedy = "ask an administrator for a role that allows it, if you need them"
    return Diagnosis("rights", level, f"may not list {_some(refused)} in {namespace}", remedy)


def of_agents(part: Mapping[str, Any]) -> Diagnosis:
    """The agents of a namespace."""
    connected, away = int(part.get("connected", 0)), int(part.get("away", 0))
    if away:
        found = f"{counted(connected, 'agent')} connected, {away} away"
        return Diagnosis(
            "agents", WARNING, found, "see: sensuctl event list --field-selector 'event.check.name == keepalive'"
        )
    if not connected:
        return Diagnosis(
            "agents", WARNING, "no agent is connected", "start one: sensu-agent start --backend-url ws://…:8081"
        )
    return Diagnosis("agents", GOOD, f"{counted(connected, 'agent')} connected")


def of_checks(part: Mapping[str, Any], troubled: Sequence[tuple[str, str]]) -> Iterable[Diagnosis]:
    """The checks of a namespace; `troubled` has names and what is wrong with each."""
    yield Diagnosis(
        "checks", GOOD, f"{counted(int(part.get('total', 0)), 'check')}, {part.get('published', 0)} published"
    )
    for name, why in troubled[:SHOWN_MAX]:
        yield Diagnosis(f"check {name}", WARNING, why, f"see: sensuctl check explain {name}")
    if len(troubled) > SHOWN_MAX:
        yield Diagnosis(
            "checks", WARNING, f"{len(troubled) - SHOWN_MAX} more have problems", "see the list in the web UI"
        )


def of_schedule(part: Mapping[str, Any]) -> Diagnosis:
    """Whether the checks of a namespace run when they are due."""
    late, missed = int(part.get("late", 0)), int(part.get("missed_1h", 0))
    if late or missed:
        parts = [f"{counted(late, 'check')} late"] if late else []
        parts += [f"{counted(missed, 'run')} missed in the last hour"] if missed else []
        return Diagnosis("schedule", WARNING, ", ".join(parts), "see: sensuctl check explain NAME")
    return Diagnosis("schedule", GOOD, "no check is late")


def of_deliveries(part: Mapping[str, Any]) -> Diagnosis:
    """The events that handlers have not taken yet."""
    waiting, dead = int(part.get("owed", 0)), int(part.get("dead", 0))
    failing = [str(one.get("handler", "")) for one in part.get("failing", ())]
    if dead or failing:
        found = f"{waiting} waiting, {counted(dead, 'dead letter')}"
        found += f"; failing: {_some(failing)}" if failing else ""
        return Diagnosis("deliveries", PROBLEM if failing else WARNING, found, "see: sensuctl delivery list")
    return Diagnosis("deliveries", GOOD, f"{waiting} waiting, no dead letter")


def counted(count: int, word: str) -> str:
    """A number and a word in the singular or plural."""
    return f"{count} {word}{'' if count == 1 else 's'}"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN_MAX} more" if len(names) > SHOWN_MAX else ""
    return ", ".join(names[:SHOWN_MAX]) + more
