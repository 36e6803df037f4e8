# ruff: noqa: N999 - the file is named after its command
"""`sensuctl import …`: resources made of the configuration of other monitoring systems."""

from sensu.flags import Flag
from sensu.sensuctl.command import Command
from sensu.sensuctl.declare import SOME

_SUBSCRIPTION = Flag(
    "subscription", default="linux", short="s", help="subscription of the agents that run the checks, one at a time"
)
_SECRETS_FILE = Flag(
    "secrets-file", help="file to write passwords and tokens to, as variables for the environment of the backend"
)


def _import(name: str, words: str, summary: str, run: str, example: str, *flags: Flag) -> Command:
    """`sensuctl import NAME FILE`."""
    return Command(
        name,
        f"import {name} {words} [flags]",
        summary,
        f"nouns.import_files:{run}",
        tuple(sorted((_SECRETS_FILE, _SUBSCRIPTION, *flags), key=lambda flag: flag.name)),
        SOME,
        configured=False,
        example=f"sensuctl import {name} {example} > review.yml",
        missing="name the file to read",
    )


COMMANDS = (
    _import(
        "blackbox",
        "FILE|DIR...",
        "Print resources for the probes of the blackbox exporter and their targets in Prometheus",
        "blackbox",
        "blackbox.yml prometheus.yml targets/",
    ),
    _import(
        "gatus",
        "FILE|DIR...",
        "Print resources for the endpoints and alerts of Gatus",
        "gatus",
        "config.yaml",
    ),
    _import(
        "nagios",
        "FILE|DIR...",
        "Print resources for the hosts, services and contacts of Nagios or Icinga 1",
        "nagios",
        "/etc/nagios4",
    ),
    _import(
        "prometheus",
        "FILE|DIR...",
        "Print resources for the alerting rules of Prometheus",
        "prometheus",
        "rules/ --url http://prometheus.example.org:9090",
        Flag("url", default="http://127.0.0.1:9090", help="address of Prometheus, as the agents reach it"),
    ),
    _import(
        "uptime-kuma",
        "FILE",
        "Print resources for the monitors of Uptime Kuma, from its database or a backup",
        "uptime_kuma",
        "kuma.db",
    ),
)
