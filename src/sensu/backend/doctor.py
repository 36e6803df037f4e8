"""`sensu-backend doctor`: looks at everything that the backend of this host depends on, and says what helps.

Nothing is changed, and a backend that runs is not disturbed.
"""

import asyncio
import contextlib
import http.client
import json
import os
import socket
import ssl
import zoneinfo
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TextIO

from cryptography import x509

from sensu import tls
from sensu.backend.auth.passwords import matches
from sensu.backend.initialise import AGENT_PASSWORD
from sensu.backend.settings import (
    ENVIRONMENT_PREFIX,
    INIT_NAMES,
    RETIRED_FLAGS,
    BackendSettings,
    check,
)
from sensu.clock import Clock
from sensu.diagnosis_report import report
from sensu.doctor_command import exit_status_of
from sensu.errors import ConfigurationError, StoreError
from sensu.host_facts import disk_of, is_taken, user_name
from sensu.rules import backend_diagnosis, diagnosis
from sensu.rules.backend_diagnosis import Exposed
from sensu.rules.diagnosis import PROBLEM, Diagnosis
from sensu.settings import load, option
from sensu.store.database_url import target_of
from sensu.store.sqlite.store import DATABASE
from sensu.store.sqlite.survey import survey
from sensu.store.survey import DatabaseSurvey

STEP_S = 5.0
"""The time limit of each connection."""
ADMIN = "admin"
LOCK = "sensu.lock"
SOMAXCONN = Path("/proc/sys/net/core/somaxconn")
ANY_ADDRESS = {"": "::1", "::": "::1", "0.0.0.0": "127.0.0.1"}  # noqa: S104 - connected to, not bound
ANSWER_BYTES_MAX = 1 << 20


@dataclass(frozen=True)
class BackendDoctorSettings(BackendSettings):
    """The settings of `sensu-backend doctor`, in addition to those of the backend that it examines."""

    format: str = option("output format: text or json", "text")
    backup: str = option("file or folder of backups whose age is judged (default: none)", "")
    backup_max_age: float = option("how old the newest backup may be", 604_800.0, kind="duration")


class _Port(NamedTuple):
    name: str
    flag: str
    host: str
    number: int
    cert_file: str
    key_file: str

    @property
    def address(self) -> str:
        """`127.0.0.1:8080`, `[::]:8080`."""
        return f"[{self.host}]:{self.number}" if ":" in self.host else f"{self.host}:{self.number}"


def doctor(arguments: Sequence[str], environment: Mapping[str, str], stdout: TextIO, clock: Clock) -> int:
    """Run the command and return its exit status: 1 for warnings, 2 for problems."""

    def examine() -> int:
        remarks: list[str] = []
        settings = load(
            BackendDoctorSettings,
            arguments,
            environment,
            prefix=ENVIRONMENT_PREFIX,
            usage="sensu-backend doctor",
            retired=RETIRED_FLAGS,
            elsewhere=INIT_NAMES,
            remark=remarks.append,
        )
        check(settings)
        return report(_findings(settings, remarks, clock), settings.format, stdout)

    return exit_status_of(examine, "sensu-backend", stdout)


def _findings(settings: BackendDoctorSettings, remarks: Sequence[str], clock: Clock) -> Iterator[Diagnosis]:
    file = settings.config_file if Path(settings.config_file).exists() else ""
    yield diagnosis.of_settings(remarks, file)
    folder = Path(settings.state_dir).absolute()
    process = _process(folder)
    yield backend_diagnosis.of_service(process, f"state folder {folder}" if not process else "a backend")
    yield from _folders(settings, folder)
    yield from _database(settings, folder)
    ports = _ports(settings)
    for port in ports:
        if process:
            yield backend_diagnosis.of_open_port(port.name, port.address, _answers(port))
        else:
            yield diagnosis.of_port(port.name, port.address, is_taken(port.host, port.number), port.flag)
    yield from _health(ports[0]) if process else ()
    yield from _certificates(settings, ports, clock)
    yield from _host(process)
    if settings.event_log_file:
        yield backend_diagnosis.of_event_log(settings.event_log_file, _unwritable(Path(settings.event_log_file)))
    yield from backend_diagnosis.of_backup(settings.backup, _age_s(settings.backup, clock), settings.backup_max_age)


def _process(folder: Path) -> str:
    """The number of the backend that uses a state folder, empty if none does."""
    with contextlib.suppress(OSError, ValueError):
        number = int((folder / LOCK).read_text())
        if b"sensu" in Path(f"/proc/{number}/cmdline").read_bytes():
            return str(number)
    return ""


def _folders(settings: BackendDoctorSettings, folder: Path) -> Iterator[Diagnosis]:
    there = next(one for one in (folder, *folder.parents) if one.exists())
    problem = "" if os.access(there, os.R_OK | os.W_OK | os.X_OK) else "permission denied"
    if not problem and not there.is_dir():
        problem = "not a directory"
    owner = there.stat().st_uid
    strangers = [] if problem else [one.name for one in sorted(folder.glob("sensu.*")) if one.stat().st_uid != owner]
    yield backend_diagnosis.of_folder(str(folder), problem, user_name(owner), strangers)
    if problem:
        return
    for subject, path in (("disk", there), ("cache disk", Path(settings.cache_dir).absolute())):
        if path.exists() and (subject == "disk" or path.stat().st_dev != there.stat().st_dev):
            yield disk_of(path, subject)
    found = None if settings.store else backend_diagnosis.of_file_system(str(folder), _file_system(there))
    if found is not None:
        yield found


def _file_system(path: Path) -> str:
    """The type of the file system that a path is on, empty if the system does not say."""
    with contextlib.suppress(OSError):
        mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
        places = {Path(words[1].encode().decode("unicode_escape")): words[2] for words in mounts}
        return next((places[one] for one in (path, *path.parents) if one in places), "")
    return ""


def _database(settings: BackendDoctorSettings, folder: Path) -> Iterator[Diagnosis]:
    shown = target_of(settings.store).shown if settings.store else str(folder / DATABASE)
    try:
        found = asyncio.run(_survey_of_server(settings)) if settings.store else survey(folder / DATABASE, ADMIN)
    except (StoreError, ConfigurationError) as err:
        yield Diagnosis("database", PROBLEM, str(err), "see docs/operating.md, A damaged or missing database")
        return
    if found is None:
        yield Diagnosis("database", diagnosis.GOOD, f"{shown} does not exist yet: the first start makes it")
        yield backend_diagnosis.of_users(0, has_default_password=False)
        return
    yield backend_diagnosis.of_damage(found.damage, f"{shown}, {(found.size_bytes + found.log_bytes) / 2**20:.1f} MiB")
    yield backend_diagnosis.of_schema(found.version, found.known)
    large = backend_diagnosis.of_write_ahead_log(found.log_bytes)
    if large is not None:
        yield large
    is_default = bool(found.admin_hash) and matches(AGENT_PASSWORD, found.admin_hash)
    yield backend_diagnosis.of_users(found.users, has_default_password=is_default)
    yield diagnosis.of_deliveries({"owed": found.owed, "dead": found.dead})


async def _survey_of_server(settings: BackendDoctorSettings) -> DatabaseSurvey | None:
    try:
        from sensu.store.postgres.survey import survey as survey_of  # noqa: PLC0415 - the driver is optional
    except ImportError as err:
        raise ConfigurationError(f"--store requires the Python package {err.name}: install sensu[postgres]") from err
    return await survey_of(target_of(settings.store), ADMIN)


def _ports(settings: BackendSettings) -> list[_Port]:
    """The ports of the backend, the API's first."""
    pair = settings.cert_file, settings.key_file
    agents = (settings.agent_auth_cert_file, settings.agent_auth_key_file) if settings.agent_auth_cert_file else pair
    web = (settings.dashboard_cert_file, settings.dashboard_key_file) if settings.dashboard_cert_file else pair
    host, number = settings.api_address
    ports = [_Port("API port", "--api-listen-address", host, number, *pair)]
    agent_host = settings.agent_host.strip("[]") or "::"
    ports.append(_Port("agents' port", "--agent-port", agent_host, settings.agent_port, *agents))
    if settings.dashboard_port:
        web_host = settings.dashboard_host.strip("[]") or "::"
        ports.append(_Port("web UI port", "--dashboard-port", web_host, settings.dashboard_port, *web))
    return ports


def _answers(port: _Port) -> bool:
    for host in dict.fromkeys((ANY_ADDRESS.get(port.host, port.host), "127.0.0.1" if port.host == "::" else port.host)):
        with contextlib.suppress(OSError):
            socket.create_connection((host, port.number), STEP_S).close()
            return True
    return False


def _health(port: _Port) -> Iterator[Diagnosis]:
    """The health that the API says."""
    host = "127.0.0.1" if port.host in ANY_ADDRESS else port.host
    connection: http.client.HTTPConnection
    if port.cert_file:
        context = tls.client_context(insecure_skip_verify=True)
        connection = http.client.HTTPSConnection(host, port.number, timeout=STEP_S, context=context)
    else:
        connection = http.client.HTTPConnection(host, port.number, timeout=STEP_S)
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException, ValueError):
        connection.request("GET", "/health")
        found = json.loads(connection.getresponse().read(ANSWER_BYTES_MAX))
        yield diagnosis.of_health(found.get("ClusterHealth") or ())


def _certificates(settings: BackendSettings, ports: Sequence[_Port], clock: Clock) -> Iterator[Diagnosis]:
    """The certificates with their keys, and the files of authorities; then what has no TLS."""
    for cert_file, key_file in dict.fromkeys((port.cert_file, port.key_file) for port in ports if port.cert_file):
        try:
            tls.server_context(cert_file, key_file)
            certificate = x509.load_pem_x509_certificate(Path(cert_file).read_bytes())
        except (OSError, ValueError) as err:
            why = tls.file_problem(err) if isinstance(err, OSError) else str(err)
            yield Diagnosis(f"certificate {cert_file}", PROBLEM, f"cannot be used: {why}", f"see it and {key_file}")
            continue
        left_s = certificate.not_valid_after_utc.timestamp() - clock.now()
        yield diagnosis.of_certificate(int(left_s // 86_400), f"certificate {cert_file}")
    for file in dict.fromkeys((settings.trusted_ca_file, settings.agent_auth_trusted_ca_file)):
        try:
            if file:
                ssl.create_default_context(cafile=file)
        except OSError as err:
            yield Diagnosis(f"authorities {file}", PROBLEM, f"cannot be used: {tls.file_problem(err)}", "correct it")
    found = backend_diagnosis.of_exposure([Exposed(port.name, port.host, bool(port.cert_file)) for port in ports])
    if found is not None:
        yield found


def _host(process: str) -> Iterator[Diagnosis]:
    """The limits of the process and of the kernel, and the data of time zones."""
    with contextlib.suppress(OSError, StopIteration, ValueError):
        lines = Path(f"/proc/{process}/limits").read_text().splitlines() if process else []
        soft = next(line.split()[3] for line in lines if line.startswith("Max open files"))
        yield backend_diagnosis.of_files(int(soft))
    with contextlib.suppress(OSError, ValueError):
        found = backend_diagnosis.of_backlog(int(SOMAXCONN.read_text()))
        if found is not None:
            yield found
    try:
        zoneinfo.ZoneInfo("Europe/Berlin")
        works = True
    except zoneinfo.ZoneInfoNotFoundError:
        works = False
    absent = backend_diagnosis.of_time_zones(works)
    if absent is not None:
        yield absent


def _unwritable(file: Path) -> str:
    """Why a file cannot be written, empty if it can."""
    place = file if file.exists() else file.parent
    if not place.exists():
        return f"{place} does not exist"
    return "" if os.access(place, os.W_OK) else "permission denied"


def _age_s(path: str, clock: Clock) -> float | None:
    """The age of a file, or of the newest one in a folder; None without any."""
    if not path:
        return None
    place = Path(path)
    with contextlib.suppress(OSError):
        files = [place] if place.is_file() else [one for one in place.rglob("*") if one.is_file()]
        return max(clock.now() - max(one.stat().st_mtime for one in files), 0.0) if files else None
    return None
