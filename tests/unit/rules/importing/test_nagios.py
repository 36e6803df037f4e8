"""Object definitions of Nagios as resources."""

from typing import Any

import msgspec
import pytest

from sensu.resources.check import CheckConfig
from sensu.resources.entity import EntityConfig
from sensu.resources.kinds import CHECK, ENTITY, HANDLER
from sensu.rules.importing.imported import Imported
from sensu.rules.importing.nagios import imported_from
from sensu.rules.importing.nagios_objects import HostGroups, NagiosObjects
from sensu.rules.importing.nagios_plugins import as_sensu_check
from sensu.rules.native_expression import native
from sensu.rules.proxy_requests import on_behalf_of
from tests.unit.rules.importing.imports import SAMPLES, checks, documents, read_by_sensu_check, words_of


def read(text: str) -> NagiosObjects:
    objects = NagiosObjects()
    objects.read("test.cfg", text)
    return objects


def sample() -> Imported:
    return imported_from(read((SAMPLES / "nagios.cfg").read_text()), "pollers")


def command_on(imported: Imported, check: str, entity: str) -> str:
    """The command as an agent gets it for a host."""
    document = documents(imported, ENTITY)[entity]
    metadata = {**document["metadata"], "namespace": "default"}
    config = msgspec.convert({"metadata": metadata, "entity_class": "proxy"}, EntityConfig)
    return on_behalf_of(msgspec.convert(checks(imported)[check], CheckConfig), config).command


def entities_of(imported: Imported, check: str) -> list[str]:
    """The hosts that a check runs for."""
    found = []
    expressions = [native(one, "entity") for one in checks(imported)[check]["proxy_requests"]["entity_attributes"]]
    for name, one in documents(imported, ENTITY).items():
        value: dict[str, Any] = {**one["spec"], **one["metadata"]}
        if all(expression is not None and expression.evaluate(value, 0.0) for expression in expressions):
            found.append(name)
    return found


def test_hosts_are_proxy_entities_with_their_groups_and_variables() -> None:
    """Addresses, aliases and variables are annotations, groups are labels; templates are followed."""
    entities = {name: one["metadata"] for name, one in documents(sample(), ENTITY).items()}
    assert list(entities) == ["web1", "web2", "db-1"]
    web1 = entities["web1"]
    assert (
        web1["annotations"].items()
        >= {
            "address": "192.0.2.11",
            "alias": "First web server",
            "snmp_version": "2c",
        }.items()
    )
    groups = {
        name: [label for label in one["labels"] if label.startswith("hostgroup")] for name, one in entities.items()
    }
    assert groups == {
        "web1": ["hostgroup-web", "hostgroup-everything", "hostgroup-all"],
        "web2": ["hostgroup-web", "hostgroup-everything"],
        "db-1": ["hostgroup-everything", "hostgroup-all"],
    }


def test_a_service_is_a_check_for_its_hosts() -> None:
    """Hosts are named one by one, by group, by * and without those after an exclamation mark."""
    imported = sample()
    assert list(checks(imported)) == [
        "HTTP",
        "SNMP-load",
        "Disk-var",
        "host-check-host-alive",
        "host-check-host-alive-2",
    ]
    assert entities_of(imported, "HTTP") == ["web1", "web2"]
    assert entities_of(imported, "SNMP-load") == ["web1", "db-1"]
    assert entities_of(imported, "Disk-var") == ["web1", "web2", "db-1"]
    assert entities_of(imported, "host-check-host-alive") == ["web1", "db-1"]
    assert entities_of(imported, "host-check-host-alive-2") == ["web2"]
    http = documents(imported, CHECK)["HTTP"]
    assert (http["spec"]["interval"], http["metadata"]["annotations"]["attempts"]) == (300, "3")
    assert http["metadata"]["annotations"]["runbook_url"] == "https://wiki.example.org/http"
    assert http["metadata"]["labels"] == {"servicegroup-shop": "true"}
    assert checks(imported)["host-check-host-alive"]["interval"] == 60


def test_commands_of_plugins_are_commands_of_sensu_check() -> None:
    """Macros become tokens of the host, and flags have the same meaning."""
    imported = sample()
    http = read_by_sensu_check(command_on(imported, "HTTP", "web1"))
    assert http.url.geturl() == "http://192.0.2.11/health"
    assert http.warning.alerts(1.1)
    assert not http.critical.alerts(4.9)
    alive = command_on(imported, "host-check-host-alive", "db-1")
    assert alive == "sensu-check ping db-1 -w 3000.0ms,80% -c 5000.0ms,100% --count 5"
    assert command_on(imported, "Disk-var", "web1") == "sensu-check disk -p /var -w 80% -c 90%"


def test_a_program_without_a_counterpart_stays_as_it_is() -> None:
    """Its macros are replaced, secrets are variables, and a person is asked to install it."""
    imported = sample()
    command = command_on(imported, "SNMP-load", "web1")
    assert words_of(command, SENSU_IMPORT_SNMP_LOAD_USER3="public") == [
        *("/usr/lib/nagios/plugins/check_snmp", "-H", "192.0.2.11", "-C", "public", "-o", ".1.3.6.1.4.1.2021.10"),
        *("-P", "2c", "-l", "SNMP load", "-x", "$"),
    ]
    assert imported.secrets == {"SENSU_IMPORT_SNMP_LOAD_USER3": "public"}
    [check] = [one for one in imported.resources if one.name == "SNMP-load"]
    assert [one.text for one in check.reviews] == [
        "the macro $TIMET$ has no counterpart",
        "the program must be installed on the hosts of the agents",
    ]


def test_contacts_are_handlers() -> None:
    """A contact with an e-mail address gets messages of its services, and of hosts by its groups."""
    imported = sample()
    assert list(documents(imported, HANDLER)) == ["ann"]
    handlers = {name: spec["handlers"] for name, spec in checks(imported).items()}
    assert handlers["HTTP"] == ["ann"]
    assert handlers["SNMP-load"] == []
    assert handlers["host-check-host-alive"] == ["ann"]
    assert handlers["host-check-host-alive-2"] == []


def test_what_is_not_taken_has_a_reason() -> None:
    """Passive services, missing hosts and commands, and what has no counterpart are named."""
    imported = sample()
    reasons = {one.what: one.why for one in imported.not_taken}
    assert list(reasons) == [
        'contact "bob"',
        'passive service "Backup"',
        'service "Lost"',
        'service "Unknown"',
        "definitions of the type servicedependency (1)",
    ]
    assert '"ttl": 90000' in reasons['passive service "Backup"']
    reviews = [review.text for one in imported.resources for review in one.reviews]
    assert "check_period workhours is not taken" in reviews
    assert "the host had parents, which are not taken: switch" in reviews


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("/x/check_http -H a -S -p 8443 -u '/x y' -s hi", "http https://a:8443/x y --contains hi --redirects 0"),
        ("check_http -H a -C 30,14", "tls a:443 -w 30d: -c 14d:"),
        ("check_http -H a -I 192.0.2.1", None),
        ("check_http --hostname=a --onredirect=follow -e 301", "http http://a/ --status 301 --redirects 5"),
        ("check_http -H a --no-such", None),
        ("check_tcp -H a -p 25 -w 2", "tcp a:25 -w 2s"),
        ("check_ssh -p 2222 a", "ssh a:2222"),
        ("check_dns -H a -s b -a 192.0.2.1,192.0.2.2", "dns a --server b --expect 192.0.2.1 --expect 192.0.2.2"),
        ("check_load -r -w 5,4,3 -c 9,8,7", "load --per-cpu -w 5,4,3 -c 9,8,7"),
        ("check_disk -w 20% -c 10% -p / -p /var", None),
        ("check_disk -w 500 -c 10% -p /", None),
        ("check_swap -w 20% -c 10%", "swap -w 80% -c 90%"),
        ("check_procs -C cron -c 1:", "process cron -c 1:"),
        ("check_procs -w 250", None),
        ("check_ping -H a -w 100.0,20% -c 500.0,60%", "ping a -w 100.0ms,20% -c 500.0ms,60%"),
        ("check_ping -H a -w 100", None),
        ("check_icmp -H a -n 3", "ping a --count 3"),
        ("check_smtp -H a -S", "smtp a --starttls"),
        ("check_nrpe -H a -c check_load", None),
        ("check_load -w 5 | tee x", None),
        ("check_load 'unclosed", None),
        ("", None),
    ],
)
def test_a_plugin_is_replaced_if_all_its_flags_have_a_counterpart(line: str, words: str | None) -> None:
    """A command that would check less stays as it is."""
    found = as_sensu_check(line)
    assert (None if found is None else " ".join(found)) == words


def test_a_template_gives_values_and_additions() -> None:
    """The first template has precedence, + adds to what is inherited, and null takes it away."""
    objects = read("""
        define host{
            name a
            hostgroups one ; comment
            _X 1
            }
        define host { name b
            hostgroups two
            alias from b
            _X 2
        }
        define host {
            use a, b
            host_name h
            hostgroups + three
            _X null
        }
        define host {
            use loop
            name loop
            host_name l
        }
    """)
    found = {one["host_name"]: one for one in objects.of_type("host") if "host_name" in one}
    assert found["h"] == {"host_name": "h", "hostgroups": "one,three", "alias": "from b"}
    assert found["l"] == {"host_name": "l"}


def test_groups_within_groups_have_the_hosts_of_both() -> None:
    """Groups that contain each other come to an end."""
    groups = [
        {"hostgroup_name": "a", "members": "x", "hostgroup_members": "b"},
        {"hostgroup_name": "b", "members": "y,unknown", "hostgroup_members": "a"},
    ]
    found = HostGroups([{"host_name": "x"}, {"host_name": "y"}, {"host_name": "z", "hostgroups": "b"}], groups)
    assert found.members("a") == ["x", "y", "z"]
    assert found.chosen("*", "!b") == []


def test_a_file_that_ends_too_early_is_named() -> None:
    """A definition without its end is taken as far as it goes, and noted."""
    imported = imported_from(read("define host {\n host_name x"), "s")
    assert [one.why for one in imported.not_taken] == ["test.cfg: the last definition has no end"]
    assert list(documents(imported, ENTITY)) == ["x"]
