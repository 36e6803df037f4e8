"""Modules of the blackbox exporter, and the targets that Prometheus probes with them, as checks and proxy entities.

Each job and module is one check, which runs for all entities with a label of the job.
Source: blackbox_exporter, CONFIGURATION.md; Prometheus documentation, "Configuration".
"""

import fnmatch
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sensu.errors import InvalidResource
from sensu.resources.kinds import ENTITY
from sensu.rules.importing.check_draft import LIKE_A_SECRET, VISIBLE, CheckDraft, Untakeable
from sensu.rules.importing.command_words import ShellWord, shell_command
from sensu.rules.importing.http_statuses import status_list
from sensu.rules.importing.imported import (
    PROXY_PASSES,
    SOURCE_ANNOTATION,
    TIMEOUT_MARGIN_S,
    Imported,
    ImportedResource,
    literal,
    name_from,
)
from sensu.rules.importing.prometheus_durations import duration_s
from sensu.rules.importing.untyped import dicts, interval_of, items, limit_of, mapping, texts

SOURCE = "blackbox exporter"
PROBE_PATH = "/probe"
TARGET_ANNOTATION = "target"
INTERVAL_S, LIMIT_S = 60.0, 10.0
TARGET_TOKEN = "'{{ .annotations.target }}'"  # noqa: S105 - a token of the agent
SPLAY_PERCENT = 90
_MARK = "@probe-target@"
_UNSAFE = re.compile(r"['\x00-\x1f]")
_PLAIN_TEXT = re.compile(r"\^?([\w !#%&,./:;<=>@~-]+)")


class BlackboxFiles(NamedTuple):
    """What was read: documents by the names of their files."""

    documents: Sequence[tuple[str, Any]]

    def modules(self) -> dict[str, Mapping[str, Any]]:
        """All modules by name."""
        found: dict[str, Mapping[str, Any]] = {}
        for _, document in self.documents:
            for name, module in mapping(mapping(document).get("modules")).items():
                found[str(name)] = mapping(module)
        return found

    def jobs(self) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
        """The jobs that probe with the exporter, each with the global settings of its file."""
        for _, document in self.documents:
            content = mapping(document)
            for job in dicts(content.get("scrape_configs")):
                if job.get("metrics_path") == PROBE_PATH:
                    yield job, mapping(content.get("global"))

    def target_groups(self, pattern: str) -> list[Mapping[str, Any]] | None:
        """The groups of targets in the files that a pattern of `file_sd_configs` means; None if none was read."""
        wanted = pattern.rpartition("/")[2]
        lists = [
            document
            for name, document in self.documents
            if isinstance(document, list) and fnmatch.fnmatch(name.rpartition("/")[2], wanted)
        ]
        return [group for one in lists for group in dicts(one)] if lists else None


def imported_from(files: BlackboxFiles, subscription: str) -> Imported:
    """The checks and entities for all jobs."""
    imported = Imported(SOURCE, subscription)
    modules = files.modules()
    targets: dict[str, dict[str, str]] = {}
    used: set[str] = set()
    for job, settings in files.jobs():
        title = str(job.get("job_name") or "job")
        label = f"probe-{name_from(title)}"
        for target, labels in _targets(imported, files, job, title):
            targets.setdefault(target, {}).update({**labels, label: "true"})
        for name in _module_names(job):
            used.add(name)
            if name not in modules:
                imported.leave_out(f'job "{title}"', f'the module "{name}" is in none of the files')
                continue
            try:
                _add_check(imported, title, label, job, settings, name, modules[name])
            except Untakeable as why:
                imported.leave_out(f'job "{title}" with the module "{name}"', str(why))
    for target, labels in targets.items():
        _add_entity(imported, target, labels)
    for name in modules.keys() - used:
        imported.leave_out(f'module "{name}"', "no job uses it")
    return imported


def _module_names(job: Mapping[str, Any]) -> list[str]:
    names = mapping(job.get("params")).get("module")
    return [str(name) for name in names] if isinstance(names, list) and names else ["http_2xx"]


def _targets(
    imported: Imported, files: BlackboxFiles, job: Mapping[str, Any], title: str
) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The targets of a job with their labels."""
    groups = list(dicts(job.get("static_configs")))
    for config in dicts(job.get("file_sd_configs")):
        for pattern in items(config.get("files")):
            found = files.target_groups(str(pattern))
            if found is None:
                imported.leave_out(f'targets of the job "{title}"', f"give the files {pattern} as well")
            groups += found or []
    for kind in job:
        if kind.endswith("_sd_configs") and kind != "file_sd_configs":
            imported.leave_out(f'targets of the job "{title}"', f"{kind} finds them while Prometheus runs")
    for group in groups:
        labels = texts(group.get("labels"))
        for target in items(group.get("targets")):
            if _UNSAFE.search(str(target)):
                imported.leave_out(f'target "{target}"', "it has a quote or a control character")
            else:
                yield str(target), labels


def _add_entity(imported: Imported, target: str, labels: Mapping[str, str]) -> None:
    name = imported.name(ENTITY, target.partition("://")[2] or target)
    imported.add(
        ImportedResource(
            ENTITY,
            name,
            {"entity_class": "proxy"},
            {name_from(field): literal(text) for field, text in labels.items() if name_from(field)},
            {TARGET_ANNOTATION: target, SOURCE_ANNOTATION: f"{SOURCE}: {target}"},
        )
    )


def _add_check(
    imported: Imported,
    title: str,
    label: str,
    job: Mapping[str, Any],
    settings: Mapping[str, Any],
    name: str,
    module: Mapping[str, Any],
) -> None:
    """Add the check of a job and a module; raises Untakeable."""
    draft = CheckDraft(imported, f"{title} {name}")
    interval = _seconds(job.get("scrape_interval"), _seconds(settings.get("scrape_interval"), INTERVAL_S))
    limit = limit_of(_seconds(module.get("timeout"), 0.0), min(LIMIT_S, interval))
    words = [*_words(draft, module), "-t", f"{limit:g}s"]
    command = shell_command("sensu-check", *words, passes=PROXY_PASSES).replace(_MARK, TARGET_TOKEN)
    attribute = f"entity.labels && entity.labels['{label}'] == 'true'"
    spec: dict[str, Any] = {
        "command": command,
        "interval": interval_of(interval),
        "timeout": math.ceil(limit) + TIMEOUT_MARGIN_S,
        "handlers": [],
        "round_robin": True,
        "proxy_requests": {
            "entity_attributes": ["entity.entity_class == 'proxy'", attribute],
            "splay": True,
            "splay_coverage": SPLAY_PERCENT,
        },
    }
    if draft.secrets:
        spec["secrets"] = draft.secrets
    imported.add_check(title, spec, entity="", reviews=draft.reviews)


def _words(draft: CheckDraft, module: Mapping[str, Any]) -> Iterable[ShellWord]:
    prober = str(module.get("prober") or "")
    settings = mapping(module.get(prober))
    if prober == "http":
        return _http(draft, settings)
    if prober == "tcp":
        return _tcp(draft, settings)
    if prober == "icmp":
        return ["ping", _MARK, *_family(settings)]
    if prober == "dns":
        return _dns(draft, settings)
    raise Untakeable(f"sensu-check has nothing for the prober {prober or '(none)'}")


def _http(draft: CheckDraft, of: Mapping[str, Any]) -> Iterator[ShellWord]:
    if of.get("oauth2"):
        raise Untakeable("it logs in with OAuth2, which sensu-check http cannot")
    statuses = [int(one) for one in items(of.get("valid_status_codes")) if str(one).isdecimal()]
    yield from ("http", _MARK, "--status", status_list(statuses) or "2xx")
    if str(of.get("method") or "GET").upper() != "GET":
        yield from ("--method", str(of["method"]).upper())
    if of.get("body"):
        if LIKE_A_SECRET.search(str(of["body"])):
            draft.review(VISIBLE.format("body"))
        yield from ("--data", str(of["body"]))
    for name, value in _headers(draft, of):
        yield from draft.header(name, value)
    yield from _log_in(draft, of)
    yield from _body_patterns(draft, of)
    if of.get("follow_redirects") is False:
        yield from ("--redirects", "0")
    yield from _tls(draft, of)
    yield from _family(of)
    for setting in (
        *("fail_if_ssl", "fail_if_not_ssl", "fail_if_header_matches", "fail_if_header_not_matches", "body_file"),
        *("fail_if_body_json_matches_cel", "fail_if_body_json_not_matches_cel", "proxy_url", "proxy_from_environment"),
        "valid_http_versions",
    ):
        if of.get(setting):
            draft.review(f"{setting} is not taken")


def _headers(draft: CheckDraft, of: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in mapping(of.get("headers")).items():
        yield str(name), str(value)
    for name, sources in mapping(of.get("http_headers")).items():
        values = [*items(mapping(sources).get("values")), *items(mapping(sources).get("secrets"))]
        if values:
            yield str(name), str(values[-1])
        else:
            draft.review(f"the header {name} came from a file, and is not taken")


def _log_in(draft: CheckDraft, of: Mapping[str, Any]) -> Iterator[str]:
    basic, given = mapping(of.get("basic_auth")), mapping(of.get("authorization"))
    token = str(given.get("credentials") or of.get("bearer_token") or "")
    if basic.get("password"):
        yield from ("--user-env", draft.variable("login", f"{basic.get('username', '')}:{basic['password']}"))
    elif basic:
        draft.review("the password came from a file: give --user-file with a file of USER:PASSWORD")
    if token and str(given.get("type") or "Bearer").lower() == "bearer":
        yield from ("--token-env", draft.variable("token", token))
    elif given or of.get("bearer_token_file"):
        draft.review("the credentials are not taken: give --token-file, or a header")


def _body_patterns(draft: CheckDraft, of: Mapping[str, Any]) -> Iterator[str]:
    """One pattern for all that the body must, and must not, match."""
    wanted = [str(one) for one in items(of.get("fail_if_body_not_matches_regexp"))]
    unwanted = [str(one) for one in items(of.get("fail_if_body_matches_regexp"))]
    usable = [one for one in (*wanted, *unwanted) if _compiles(one)]
    for pattern in {*wanted, *unwanted} - {*usable}:
        draft.review(f"the pattern {pattern} is not one of Python, and is not taken")
    wanted, unwanted = ([one for one in patterns if one in usable] for patterns in (wanted, unwanted))
    if len(wanted) == 1 and not unwanted:
        yield from ("--regex", wanted[0])
    elif wanted or unwanted:
        ahead = [rf"(?=[\s\S]*?(?:{one}))" for one in wanted] + [rf"(?![\s\S]*?(?:{one}))" for one in unwanted]
        yield from ("--regex", rf"\A{''.join(ahead)}")


def _compiles(pattern: str) -> bool:
    if "(?" in pattern and not pattern.startswith(("(?:", "(?P<")):
        return False  # flags are allowed only at the beginning of a whole pattern
    try:
        re.compile(pattern)
    except (re.error, RecursionError):
        return False
    return True


def _tcp(draft: CheckDraft, of: Mapping[str, Any]) -> Iterator[str]:
    yield from ("tcp", _MARK)
    if of.get("tls"):
        yield "--tls"
        yield from _tls(draft, of)
    yield from _family(of)
    sent, expected = "", ""
    steps = dicts(of.get("query_response"))
    if any(step.get("starttls") for step in steps):
        raise Untakeable("it begins with STARTTLS: write a check with `sensu-check tls --starttls`")
    for step in steps:
        sent += f"{step['send']}\\n" if step.get("send") else ""
        expected = str(step.get("expect") or expected)
    if sent:
        yield from ("--send", sent)
    plain = _PLAIN_TEXT.fullmatch(expected)
    if plain:
        yield from ("--expect", plain[1])
    if len(steps) > 1 or (expected and not plain):
        draft.review("the dialogue of query_response is not taken whole: --send and --expect are texts")


def _dns(draft: CheckDraft, of: Mapping[str, Any]) -> Iterator[str]:
    if not of.get("query_name"):
        raise Untakeable("it has no query_name")
    kind = str(of.get("query_type") or "ANY").upper()
    yield from ("dns", str(of["query_name"]).rstrip("."), "--type", kind, "--server", _MARK)
    if str(of.get("transport_protocol") or "udp") != "udp" or of.get("dns_over_tls"):
        draft.review("sensu-check dns asks over UDP")
    if [str(one) for one in items(of.get("valid_rcodes")) or ["NOERROR"]] != ["NOERROR"]:
        draft.review("valid_rcodes is not taken: the answer must have records")
    for setting in ("validate_answer_rrs", "validate_authority_rrs", "validate_additional_rrs"):
        if of.get(setting):
            draft.review(f"{setting} is not taken: use --expect")


def _tls(draft: CheckDraft, of: Mapping[str, Any]) -> Iterator[str]:
    config = mapping(of.get("tls_config"))
    if config.get("insecure_skip_verify"):
        yield "--insecure"
    if config.get("ca_file"):
        draft.review("the file with the authorities must be on the hosts of the agents")
        yield from ("--ca-file", str(config["ca_file"]))
    if config.get("cert_file"):
        draft.review("the client certificate is not taken")


def _family(of: Mapping[str, Any]) -> list[str]:
    if of.get("ip_protocol_fallback") is not False:
        return []
    return ["--ip4"] if of.get("preferred_ip_protocol") == "ip4" else ["--ip6"]


def _seconds(value: Any, default: float) -> float:
    try:
        return duration_s(str(value)) if value else default
    except InvalidResource:
        return default
