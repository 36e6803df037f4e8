"""The life of the packages on a Debian host: installed, started, upgraded, removed, purged."""

import json
from collections.abc import Callable

import pytest

from tests.packages.conftest import Packages
from tests.packages.host import Host

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
SERVICES = "sensu-backend sensu-agent"
FIRST_START = """
cat > /etc/default/sensu-backend <<END
SENSU_BACKEND_CLUSTER_ADMIN_USERNAME=admin
SENSU_BACKEND_CLUSTER_ADMIN_PASSWORD=correct-horse
END
"""
CHECK = """
cat > /srv/check.yml <<END
type: CheckConfig
api_version: core/v2
metadata: {name: load}
spec: {command: cat /proc/loadavg, subscriptions: [linux], interval: 1, publish: true}
END
"""
LOG_IN = "sensuctl configure -n --url http://127.0.0.1:8080 --username admin --password correct-horse"


def event(host: Host) -> dict[str, object]:
    """The last event of the check, empty if there is none."""
    shown = host.run("sensuctl event info debian load --format json", check=False)
    return json.loads(shown) if shown.startswith("{") else {}


def occurred(host: Host) -> int:
    """When the check last ran, in Unix seconds; 0 if it never did."""
    check = event(host).get("check")
    return int(check["executed"]) if isinstance(check, dict) else 0


def states(host: Host) -> str:
    return host.run(f"systemctl is-active {SERVICES}", check=False).replace("\n", " ").strip()


def test_packages_are_installed_upgraded_removed_and_purged(
    packages_before: Packages, packages: Packages, host: Host, install: Callable[[Packages], str]
) -> None:
    """Services keep events and settings over an upgrade, a removal keeps both, and a purge leaves nothing."""
    clean = host.files()
    install(packages_before)
    assert states(host) == "inactive inactive"
    host.run(
        FIRST_START + CHECK + f"echo 'labels: {{room: b12}}' >> /etc/sensu/agent.yml; systemctl enable --now {SERVICES}"
    )
    host.run(f"{LOG_IN} && sensuctl create -f /srv/check.yml")
    host.wait("the first event", lambda: occurred(host))
    before = host.run(f"systemctl show -P MainPID {SERVICES}")

    install(packages)
    assert states(host) == "active active"
    assert host.run(f"systemctl show -P MainPID {SERVICES}") != before
    first = occurred(host)
    host.wait("an event of the new version", lambda: occurred(host) > first > 0)
    entity = event(host)["entity"]
    assert isinstance(entity, dict)
    assert entity["metadata"]["labels"] == {"room": "b12"}
    _is_hardened(host)
    assert host.run("runuser -u sensu -- sensu-check ping 127.0.0.1").startswith("PING OK")

    host.run("dpkg --remove sensu-agent sensu-backend sensu-common")
    assert states(host) == "inactive inactive"
    host.run("test -s /var/lib/sensu/sensu-backend/sensu.db; test -s /etc/sensu/agent.yml; test ! -e /usr/lib/sensu")
    host.run(
        "dpkg --purge sensu-agent sensu-backend sensu-common; rm -r ~/.config /srv/check.yml /etc/default/sensu-backend"
    )
    left = {
        path
        for path in host.files() - clean
        if not path.startswith(("/var/log/", "/var/lib/dpkg/", "/var/lib/systemd/"))
    }
    assert left <= {"/etc/group-", "/etc/gshadow-", "/etc/passwd-", "/etc/shadow-", "/etc/subuid-", "/etc/subgid-"}
    assert "sensu:" in host.run("getent passwd sensu")


def _is_hardened(host: Host) -> None:
    """Fails unless the services run as their own user, with filters of system calls, and checks cannot get rights."""
    for service in SERVICES.split():
        status = host.run(f"cat /proc/$(systemctl show -P MainPID {service})/status")
        facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert facts["Uid"].split("\t")[0] == host.run("id -u sensu").strip()
        assert (facts["NoNewPrivs"], facts["Seccomp"], facts["CapBnd"].strip("0")) == ("1", "2", "")
