"""Configurations of other monitoring systems, printed as resources for review."""

import json
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from tests.cli.conftest import Sensuctl
from tests.unit.rules.importing.imports import SAMPLES


@pytest.mark.parametrize(
    ("system", "files", "flags"),
    [
        ("uptime-kuma", ["uptime-kuma.json"], []),
        ("gatus", ["gatus.yaml"], []),
        ("nagios", ["nagios.cfg"], []),
        ("prometheus", ["rules.yml"], ["--url", "https://prom.example.org"]),
        ("blackbox", ["blackbox.yml", "prometheus.yml", "a.targets.yml"], []),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_printed_can_be_created(sensuctl: Sensuctl, system: str, files: list[str], flags: list[str]) -> None:
    """The API accepts every resource, and the command itself changes nothing."""
    before = sensuctl("dump", "all").out
    printed = sensuctl("import", system, *(str(SAMPLES / name) for name in files), *flags)
    assert printed.status == 0, printed.err
    assert sensuctl("dump", "all").out == before
    namespace = f"from-{system}"
    assert sensuctl("namespace", "create", namespace).status == 0
    created = sensuctl("create", "--namespace", namespace, stdin=printed.out)
    assert created == (0, "", "")
    documents = list(yaml.safe_load_all(printed.out))
    kinds = {one["type"] for one in documents if one}
    assert "CheckConfig" in kinds
    checks = json.loads(sensuctl("check", "list", "--namespace", namespace, "--format", "json").out)
    assert len(checks) == sum(1 for one in documents if one and one["type"] == "CheckConfig")
    first = printed.err.splitlines()[0]
    assert first.startswith(f"{sum(1 for one in documents if one)} resources, ")


def test_the_database_of_uptime_kuma_is_read(sensuctl: Sensuctl, tmp_path: Path) -> None:
    """A database has the same monitors as a backup, is not changed, and passwords go into a file of their own."""
    file, secrets = tmp_path / "kuma?.db", tmp_path / "secrets.env"
    with closing(sqlite3.connect(file)) as database:
        database.executescript("""
            CREATE TABLE monitor (id INTEGER PRIMARY KEY, name TEXT, active INTEGER, interval INTEGER, url TEXT,
                type TEXT, hostname TEXT, port INTEGER, keyword TEXT, maxretries INTEGER, ignore_tls INTEGER,
                upside_down INTEGER, maxredirects INTEGER, accepted_statuscodes_json TEXT, auth_method TEXT,
                basic_auth_user TEXT, basic_auth_pass TEXT, retry_interval INTEGER, parent INTEGER);
            CREATE TABLE notification (id INTEGER PRIMARY KEY, name TEXT, config TEXT);
            CREATE TABLE monitor_notification (id INTEGER PRIMARY KEY, monitor_id INTEGER, notification_id INTEGER);
            CREATE TABLE tag (id INTEGER PRIMARY KEY, name TEXT, color TEXT);
            CREATE TABLE monitor_tag (id INTEGER PRIMARY KEY, monitor_id INTEGER, tag_id INTEGER, value TEXT);
            CREATE TABLE status_page (id INTEGER PRIMARY KEY, title TEXT);
            INSERT INTO monitor VALUES (1, 'Shop', 1, 60, 'https://shop.example.org', 'http', NULL, NULL, NULL, 1, 0, 0,
                5, '["200-299","404"]', 'basic', 'ann', 's3cret', 60, NULL);
            INSERT INTO notification VALUES (4, 'Hook', '{"type": "webhook", "webhookURL": "https://h.example.org/a"}');
            INSERT INTO monitor_notification VALUES (1, 1, 4);
            INSERT INTO tag VALUES (7, 'team', '#fff');
            INSERT INTO monitor_tag VALUES (1, 1, 7, 'web');
            INSERT INTO status_page VALUES (1, 'Public');
            CREATE TABLE maintenance (id INTEGER PRIMARY KEY, title TEXT, active INTEGER, strategy TEXT,
                start_time TEXT, weekdays TEXT, duration INTEGER, timezone TEXT);
            CREATE TABLE monitor_maintenance (id INTEGER PRIMARY KEY, monitor_id INTEGER, maintenance_id INTEGER);
            INSERT INTO maintenance VALUES (3, 'Nights', 1, 'recurring-weekday', '02:00:00', '[6]', 3600, 'UTC');
            INSERT INTO monitor_maintenance VALUES (1, 1, 3);
        """)
    before = file.read_bytes()
    printed = sensuctl("import", "uptime-kuma", str(file), "--secrets-file", str(secrets), "-s", "pollers")
    assert printed.status == 0, printed.err
    assert 'not taken: status page "Public"' in printed.err
    check = next(one for one in yaml.safe_load_all(printed.out) if one and one["type"] == "CheckConfig")
    assert check["metadata"]["labels"] == {"team": "web"}
    assert [one["repeat"] for one in check["spec"]["subdues"]] == [["saturdays"]]
    assert "--status 2xx,404" in check["spec"]["command"]
    assert "--user-env SENSU_IMPORT_SHOP_LOGIN" in check["spec"]["command"]
    assert (check["spec"]["handlers"], check["spec"]["subscriptions"]) == (["Hook"], ["pollers"])
    assert 'SENSU_IMPORT_SHOP_LOGIN="ann:s3cret"' in secrets.read_text()
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("words", "content", "error"),
    [
        (["uptime-kuma"], "[]", "must contain a JSON object"),
        (["uptime-kuma"], "{", "is not JSON"),
        (["uptime-kuma"], "{}", "is not a backup of Uptime Kuma"),
        (["nagios"], "# nothing", "no definitions of objects"),
        (["prometheus"], "groups: 3", "no rules of Prometheus"),
        (["blackbox"], "a: b", "no modules of the blackbox exporter"),
        (["blackbox"], "modules: {a: {prober: icmp}}", "no targets: give the prometheus.yml"),
        (["gatus"], "a: [", "did not find expected node content"),
        (["gatus"], "web: {port: 80}", "is not a configuration of Gatus: it has no endpoints"),
        (["uptime-kuma"], "SQLite format 3\0 and then nothing", "cannot be read as a database of Uptime Kuma"),
    ],
)
def test_a_file_of_something_else_is_refused(
    sensuctl: Sensuctl, tmp_path: Path, words: list[str], content: str, error: str
) -> None:
    """The message names the file and what it should be."""
    file = tmp_path / "file"
    file.write_text(content)
    ended = sensuctl("import", *words, str(file))
    assert (ended.status, ended.out) == (1, "")
    assert str(file) in ended.err
    assert error in ended.err


def test_a_file_is_needed(sensuctl: Sensuctl, tmp_path: Path) -> None:
    """Without a file the usage is shown; a file that does not exist is named."""
    assert "name the file to read" in sensuctl("import", "uptime-kuma").err
    assert "no such file" in sensuctl("import", "uptime-kuma", str(tmp_path / "none")).err
