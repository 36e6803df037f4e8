"""Modules of the blackbox exporter and their targets as checks and proxy entities."""

from typing import Any

import msgspec

from sensu.files.values import values_of
from sensu.resources.check import CheckConfig
from sensu.resources.entity import EntityConfig
from sensu.resources.kinds import ENTITY
from sensu.rules.importing.blackbox import BlackboxFiles, imported_from
from sensu.rules.importing.imported import Imported
from sensu.rules.native_expression import native
from sensu.rules.proxy_requests import on_behalf_of
from tests.unit.rules.importing.imports import SAMPLES, checks, documents, read_by_sensu_check

NAMES = ("blackbox.yml", "prometheus.yml", "a.targets.yml")


def sample(names: tuple[str, ...] = NAMES) -> Imported:
    files = [(f"dir/{name}", value) for name in names for _, value in values_of((SAMPLES / name).read_text())]
    return imported_from(BlackboxFiles(files), "pollers")


def on_entity(imported: Imported, check: str, entity: str) -> CheckConfig:
    """The check as an agent gets it for an entity."""
    document = documents(imported, ENTITY)[entity]
    metadata = {**document["metadata"], "namespace": "default"}
    config = msgspec.convert({"metadata": metadata, "entity_class": "proxy"}, EntityConfig)
    return on_behalf_of(msgspec.convert(checks(imported)[check], CheckConfig), config)


def test_a_target_is_an_entity_that_the_checks_of_its_jobs_run_for() -> None:
    """Targets of jobs and of files are found by the label of the job, and keep their own labels."""
    imported = sample()
    entities = documents(imported, ENTITY)
    assert {name: one["metadata"]["labels"] for name, one in entities.items()} == {
        "shop.example.org-health-a-1-b-2": {"team": "web", "stage": "prod", "probe-sites": "true"},
        "api.example.org": {"team": "web", "probe-sites": "true"},
        "docs.example.org": {"stage": "prod", "probe-sites": "true"},
        "192.0.2.1-22": {"probe-network": "true"},
        "192.0.2.53": {"probe-names": "true"},
    }
    chosen: dict[str, list[str]] = {}
    for name, spec in checks(imported).items():
        filters = [native(one, "entity") for one in spec["proxy_requests"]["entity_attributes"]]
        for entity, one in entities.items():
            value: dict[str, Any] = {**one["spec"], **one["metadata"]}
            if all(found is not None and found.evaluate(value, 0.0) for found in filters):
                chosen.setdefault(name, []).append(entity)
    assert {name: len(found) for name, found in chosen.items()} == {
        "sites": 3,
        "network": 1,
        "network-2": 1,
        "names": 1,
    }


def test_a_module_is_a_command_for_each_target() -> None:
    """The address is a token, and tokens of the exporter's own texts are printed as they are."""
    imported = sample()
    arguments = read_by_sensu_check(on_entity(imported, "sites", "shop.example.org-health-a-1-b-2").command)
    assert arguments.url.geturl() == "https://shop.example.org/health?a=1&b=2"
    assert (arguments.status, arguments.method, arguments.redirects) == (["200", "301"], "POST", 0)
    assert ("X-Text", "{{x}}") in arguments.header
    assert (arguments.insecure, arguments.ip4, arguments.user_env) == (True, True, "SENSU_IMPORT_SITES_HTTP_2XX_LOGIN")
    assert imported.secrets == {"SENSU_IMPORT_SITES_HTTP_2XX_LOGIN": "ann:s3cret"}
    matches = [bool(arguments.regex.search(body)) for body in ("well,\nup", "up", "up and well\nbut down")]
    assert matches == [True, False, False]
    spec = checks(imported)["sites"]
    assert (spec["interval"], spec["timeout"], spec["round_robin"]) == (30, 10, True)
    banner = read_by_sensu_check(on_entity(imported, "network-2", "192.0.2.1-22").command)
    assert (banner.address, banner.expect, banner.tls) == ("192.0.2.1:22", "SSH-2.0-", True)
    dns = read_by_sensu_check(on_entity(imported, "names", "192.0.2.53").command)
    assert (dns.host, dns.type, dns.server) == ("example.org", "A", "192.0.2.53")


def test_what_is_not_taken_has_a_reason() -> None:
    """Probers without a check, targets that are found later, and files that were not given are named."""
    reasons = {(one.what, one.why) for one in sample().not_taken}
    assert reasons == {
        ('target "it\'s"', "it has a quote or a control character"),
        ('targets of the job "network"', "consul_sd_configs finds them while Prometheus runs"),
        ('targets of the job "names"', "give the files more.json as well"),
        ('job "network" with the module "grpc"', "sensu-check has nothing for the prober grpc"),
        ('job "network"', 'the module "missing" is in none of the files'),
        ('job "network" with the module "oauth"', "it logs in with OAuth2, which sensu-check http cannot"),
        ('module "unused"', "no job uses it"),
    }
    reviews = [review.text for one in sample().resources for review in one.reviews]
    assert "fail_if_not_ssl is not taken" in reviews
    odd = BlackboxFiles([("a", {"modules": {"m": 3}, "scrape_configs": [{"metrics_path": "/probe", "params": 1}]})])
    assert imported_from(odd, "s").not_taken
