"""`sensuctl doctor`: look at everything that sensuctl depends on, and say what helps.

Nothing is changed. What comes after a step that failed is left out if it depends on it.
"""

import contextlib
import socket
import ssl
import stat
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from sensu.client.http_api import HTTPAPI, APIAnswer, APIUnreachable, Target, TLSOptions, proxy_for, split_url
from sensu.clock import SystemClock
from sensu.diagnosis_report import exit_status, write_finding
from sensu.resources.kinds import ALL_KINDS
from sensu.rules import diagnosis
from sensu.rules.diagnosis import GOOD, PROBLEM, Diagnosis
from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import CommandFailed, Exited
from sensu.sensuctl.output import show_value
from sensu.sensuctl.paths import quoted, resource_path
from sensu.sensuctl.remedies import connection_remedy
from sensu.sensuctl.session import usable_ca_file
from sensu.version import VERSION

STEP_S = 5.0
"""The time limit of each request."""
ANSWER_BYTES_MAX = 8 * 1024 * 1024
KINDS = tuple(kind for kind in ALL_KINDS if kind.namespaced and not kind.wrapped)
"""The kinds of the core API in a namespace, which every backend has."""


def diagnose(context: Context) -> None:
    """`sensuctl doctor`; the exit status is 1 for warnings and 2 for problems."""
    findings: list[Diagnosis] = []
    shown = context.format not in ("json", "wrapped-json", "yaml")
    for finding in _findings(context):
        findings.append(finding)
        if shown:
            write_finding(finding, context.stdout)
    if not shown:
        show_value(context, [finding._asdict() for finding in findings])
    worst = exit_status(findings)
    if worst:
        raise Exited(worst)


def _findings(context: Context) -> Iterator[Diagnosis]:
    configuration = context.configuration
    file = Path(configuration.config_dir) / "cluster"
    mode = stat.S_IMODE(file.stat().st_mode) if file.exists() else None
    yield diagnosis.of_file(str(file), mode)
    url = configuration.api_url
    target = split_url(url)
    if target is None:
        remedy = "run: sensuctl configure, or give --api-url"
        yield Diagnosis("URL", PROBLEM, f'"{url}" is not an http or https URL' if url else "no URL is set", remedy)
        return
    yield diagnosis.of_url(url, target.port)
    examined = _API(context, url, target)
    try:
        yield from examined.connection()
        yield from examined.account()
    except APIUnreachable as err:
        yield Diagnosis("connection", PROBLEM, str(err), connection_remedy(err))
    finally:
        examined.close()


class _API:
    """The API that is looked at."""

    def __init__(self, context: Context, url: str, target: Target) -> None:
        self._context, self._target = context, target
        configuration = context.configuration
        file = usable_ca_file(configuration.trusted_ca_file, context.warn)
        self._tls = TLSOptions(file, configuration.insecure_skip_tls_verify)
        self._http = HTTPAPI(
            url,
            timeout_s=STEP_S,
            tls=self._tls,
            agent=f"sensuctl/{VERSION}",
            environment=configuration.environment,
            answer_bytes_max=ANSWER_BYTES_MAX,
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def connection(self) -> Iterator[Diagnosis]:
        """The way to the API: name, port, TLS, clock, version and health."""
        clock = SystemClock()
        began = clock.monotonic()
        answer = self._http.request("GET", "/version")
        took_ms = (clock.monotonic() - began) * 1000
        yield Diagnosis("connection", GOOD, f"{self._target.authority} answers within {took_ms:.0f} ms")
        yield from self._certificate()
        sent = answer.headers.get("date", "")
        with contextlib.suppress(ValueError):  # a backend need not send its time
            yield diagnosis.of_clock(parsedate_to_datetime(sent).timestamp() + 0.5 - clock.now())
        yield _version_in(answer)
        yield diagnosis.of_health(_object(self._http.request("GET", "/health")).get("ClusterHealth") or ())

    def _certificate(self) -> Iterator[Diagnosis]:
        """The days that the certificate is valid for, if this program sees it."""
        if self._target.scheme != "https" or proxy_for(self._target, self._context.environment) is not None:
            return
        if self._tls.insecure_skip_verify:
            remedy = "give --trusted-ca-file instead of --insecure-skip-tls-verify"
            yield Diagnosis("certificate", diagnosis.WARNING, "is not verified", remedy)
            return
        try:
            with (
                socket.create_connection((self._target.host, self._target.port), STEP_S) as raw,
                self._tls.context().wrap_socket(raw, server_hostname=self._target.host) as secure,
            ):
                ends = str((secure.getpeercert() or {}).get("notAfter", ""))
        except OSError as err:
            yield Diagnosis("certificate", PROBLEM, str(err))
            return
        left_s = ssl.cert_time_to_seconds(ends) - SystemClock().now()
        yield diagnosis.of_certificate(int(left_s // 86_400))

    def account(self) -> Iterator[Diagnosis]:
        """What the user sees: the log-in, the namespace, rights, and what is late or failing."""
        configuration = self._context.configuration
        if not (configuration.api_key or configuration.cluster.access_token):
            yield Diagnosis("log-in", PROBLEM, "there are no credentials", "run: sensuctl configure")
            return
        try:
            headers = {"Authorization": self._context.session.authorization()}
        except CommandFailed as err:
            yield Diagnosis("log-in", PROBLEM, str(err), "run: sensuctl configure")
            return
        namespace = configuration.namespace
        found = self._http.request("GET", "/api/core/v2/namespaces?limit=1000", headers=headers)
        if found.status == 401:
            yield Diagnosis("log-in", PROBLEM, "the credentials are not accepted", "run: sensuctl configure")
            return
        left_s = None if configuration.api_key else configuration.cluster.expires_at - SystemClock().now()
        yield diagnosis.of_session(left_s, configuration.username)
        if found.status == 200:
            names = [str(one.get("name", "")) for one in found.json()]
            if namespace not in names and not found.headers.get("sensu-continue"):
                remedy = "see: sensuctl namespace list, and: sensuctl config set-namespace NAME"
                yield Diagnosis("namespace", PROBLEM, f"{namespace} does not exist, or you may not see it", remedy)
                return
            yield Diagnosis("namespace", GOOD, namespace)
        refused = []
        for kind in KINDS:
            answer = self._http.request("GET", f"{resource_path(kind, namespace)}?limit=1", headers=headers)
            if answer.status == 403:
                refused.append(kind.plural)
        yield diagnosis.of_rights(refused, len(KINDS), namespace)
        yield from self._troubles(namespace, headers)

    def _troubles(self, namespace: str, headers: Mapping[str, str]) -> Iterator[Diagnosis]:
        """What a backend of this project knows about a namespace; others do not have it."""
        path = f"/api/sensu/v1/namespaces/{quoted(namespace)}"
        overview = _object(self._http.request("GET", f"{path}/overview", headers=headers))
        if "events" not in overview:
            return
        if overview.get("entities"):
            yield diagnosis.of_agents(overview["entities"])
        if overview.get("checks"):
            rows = _object(self._http.request("GET", f"{path}/checks/rows?problem=true&limit=100", headers=headers))
            troubled = [(one["name"], one["problems"][0]["text"]) for one in rows.get("rows", ()) if one["problems"]]
            yield from diagnosis.of_checks(overview["checks"], troubled)
            yield diagnosis.of_schedule(overview["checks"])
        if overview.get("deliveries"):
            yield diagnosis.of_deliveries(overview["deliveries"])


def _version_in(answer: APIAnswer) -> Diagnosis:
    version = _object(answer).get("sensu_backend")
    if not version:
        remedy = f"is this the URL of a Sensu backend? The API usually listens on port {diagnosis.API_PORT}"
        return Diagnosis("backend", PROBLEM, "it does not say its version", remedy)
    return Diagnosis("backend", GOOD, f"speaks the API of Sensu Go {version}")


def _object(answer: APIAnswer) -> dict[str, Any]:
    """The JSON object of an answer, empty if it is none."""
    try:
        found = answer.json() if answer.status == 200 else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
