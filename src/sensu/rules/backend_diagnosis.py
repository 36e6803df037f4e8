"""Judges what `sensu-backend doctor` finds."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sensu.rules.diagnosis import GOOD, PROBLEM, SHOWN_MAX, WARNING, Diagnosis, counted

LOG_BYTES_WARNING = 256 * 2**20
FILES_WARNING, FILES_PROBLEM = 16_384, 1_024
BACKLOG = 1_024
"""How many connections the kernel should queue while a backend is busy."""
NETWORK_FILE_SYSTEMS = frozenset(("9p", "afs", "ceph", "cifs", "fuse.sshfs", "nfs", "nfs4", "smb3", "smbfs"))
LOOPBACK = ("127.", "::1", "localhost")
DAY_S = 86_400.0


class Exposed(NamedTuple):
    """A port, the address that it listens on, and whether it uses TLS."""

    name: str
    host: str
    secure: bool


def of_service(process: str, name: str) -> Diagnosis:
    """The backend that uses the state folder; `process` is its number, empty if there is none."""
    if process:
        return Diagnosis("service", GOOD, f"{name} uses the state folder, process {process}")
    remedy = "start it: systemctl enable --now sensu-backend; why it ended: journalctl -u sensu-backend"
    return Diagnosis("service", WARNING, f"no backend uses the {name}", remedy)


def of_folder(path: str, problem: str, owner: str, strangers: Sequence[str]) -> Diagnosis:
    """The state folder; `strangers` are files in it that do not belong to its owner."""
    if problem:
        return Diagnosis(
            "state folder", PROBLEM, f"{path} cannot be used: {problem}", "see --state-dir and its permissions"
        )
    if strangers:
        more = len(strangers) - SHOWN_MAX
        names = ", ".join(strangers[:SHOWN_MAX]) + (f" and {more} more" if more > 0 else "")
        found = f"{names} in {path} do not belong to {owner}, who cannot write them"
        return Diagnosis("state folder", PROBLEM, found, f"run: chown -R {owner} {path}")
    return Diagnosis("state folder", GOOD, f"{path}, of {owner}")


def of_file_system(path: str, kind: str) -> Diagnosis | None:
    """The type of the file system of the database; None if nothing is known against it."""
    if kind not in NETWORK_FILE_SYSTEMS:
        return None
    remedy = "move the state folder to a local disk, or use PostgreSQL: --store"
    return Diagnosis("file system", PROBLEM, f"{path} is on {kind}, where SQLite's locks are not reliable", remedy)


def of_schema(version: int, known: int) -> Diagnosis:
    """The schema of the database, compared with the newest that this program knows."""
    if version > known:
        found = f"version {version} was written by a newer program; this one knows up to {known}"
        return Diagnosis("schema", PROBLEM, found, "install that version again, or restore a backup of before")
    if version < known:
        found = f"version {version}, the next start makes it {known}"
        return Diagnosis("schema", GOOD, f"{found}; older programs then cannot use it")
    return Diagnosis("schema", GOOD, f"version {version}, as this program")


def of_damage(found: str, shown: str) -> Diagnosis:
    """The result of a check of the database file; empty if it did not end in time."""
    if found == "ok":
        return Diagnosis("database", GOOD, f"{shown}, without damage")
    if not found:
        return Diagnosis("database", GOOD, f"{shown}; it is too large for a check of some seconds")
    return Diagnosis(
        "database",
        PROBLEM,
        f"{shown} is damaged: {found}",
        "stop the backend, move the file away, and run: sensu-backend restore FILE",
    )


def of_write_ahead_log(size_bytes: int) -> Diagnosis | None:
    """The write-ahead log of the database; None if its size is as usual."""
    if size_bytes <= LOG_BYTES_WARNING:
        return None
    found = f"the write-ahead log has {size_bytes / 2**20:.0f} MiB"
    remedy = (
        "a program may hold the database open for reading: see lsof on sensu.db; a restart of the backend empties it"
    )
    return Diagnosis("database", WARNING, found, remedy)


def of_users(users: int, *, has_default_password: bool) -> Diagnosis:
    """Whether there is a user, and whether the administrator has the documented password."""
    if not users:
        return Diagnosis("users", WARNING, "the database is not initialised", "run: sensu-backend init --interactive")
    if has_default_password:
        remedy = "run: sensuctl user change-password admin --interactive"
        return Diagnosis("users", PROBLEM, "the user admin has the password that the documentation shows", remedy)
    return Diagnosis("users", GOOD, counted(users, "user"))


def of_open_port(name: str, address: str, answers: bool) -> Diagnosis:
    """A port of the backend that runs."""
    if answers:
        return Diagnosis(name, GOOD, f"{address} answers")
    return Diagnosis(name, PROBLEM, f"{address} does not answer", "is it that of the backend that runs? See its log")


def of_exposure(ports: Sequence[Exposed]) -> Diagnosis | None:
    """The ports that other hosts reach without TLS; None if there are none."""
    open_ones = [port.name for port in ports if not port.secure and not port.host.startswith(LOOPBACK)]
    if not open_ones:
        return None
    found = f"{', '.join(open_ones)}: other hosts connect without TLS, so passwords cross the network in the clear"
    return Diagnosis(
        "TLS", WARNING, found, "set cert-file and key-file, or listen on 127.0.0.1 behind a proxy with TLS"
    )


def of_files(soft: int) -> Diagnosis:
    """How many files and connections the running backend may open."""
    found = f"the backend may open {soft} files and connections"
    remedy = "set LimitNOFILE=262144 in the unit: systemctl edit sensu-backend"
    if soft < FILES_WARNING:
        return Diagnosis("file limit", PROBLEM if soft < FILES_PROBLEM else WARNING, found, remedy)
    return Diagnosis("file limit", GOOD, found)


def of_backlog(somaxconn: int) -> Diagnosis | None:
    """The length of the kernel's queues of new connections; None if it is long enough."""
    if somaxconn >= BACKLOG:
        return None
    remedy = f"run: sysctl -w net.core.somaxconn={4 * BACKLOG}, and put that line into /etc/sysctl.d/60-sensu.conf"
    found = f"the kernel queues {somaxconn} new connections, which is few when many agents connect at once"
    return Diagnosis("kernel", WARNING, found, remedy)


def of_time_zones(works: bool) -> Diagnosis | None:
    """Whether the data of time zones is there; None if it is."""
    if works:
        return None
    found = "the host has no data of time zones, so cron schedules and time windows with a zone fail"
    return Diagnosis("time zones", PROBLEM, found, "install the package tzdata")


def of_event_log(path: str, problem: str) -> Diagnosis:
    """The file of the event log."""
    if problem:
        return Diagnosis("event log", PROBLEM, f"{path} cannot be written: {problem}", "see event-log-file")
    return Diagnosis("event log", GOOD, path)


def of_backup(path: str, age_s: float | None, age_max_s: float) -> Iterator[Diagnosis]:
    """The newest file of the backups, if a place was named; `age_s` is None if there is no file."""
    if not path:
        return
    remedy = "run: sensu-backend backup FILE, best by a timer"
    if age_s is None:
        yield Diagnosis("backup", PROBLEM, f"{path} has no file", remedy)
    elif age_s > age_max_s:
        yield Diagnosis("backup", WARNING, f"the newest in {path} is {age_s / DAY_S:.1f} days old", remedy)
    else:
        yield Diagnosis("backup", GOOD, f"the newest in {path} is {age_s / 3600:.0f} hours old")
