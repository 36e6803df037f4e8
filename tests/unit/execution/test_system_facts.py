import socket
from pathlib import Path

import pytest

from sensu.execution import system_facts


def files(root: Path, contents: dict[str, str]) -> Path:
    for name, text in contents.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    ("contents", "expected"),
    [
        (
            {"etc/os-release": 'ID=debian\nVERSION_ID="12"\n', "etc/debian_version": "12.11\n"},
            ("debian", "debian", "12.11"),
        ),
        (
            {"etc/os-release": 'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="22.04"\n', "etc/debian_version": "bookworm/sid"},
            ("ubuntu", "debian", "22.04"),
        ),
        (
            {
                "etc/os-release": 'ID="rhel"\nVERSION_ID="8.5"',
                "etc/redhat-release": "Red Hat Enterprise Linux release 8.5 (Ootpa)",
            },
            ("redhat", "rhel", "8.5"),
        ),
        (
            {
                "etc/os-release": 'ID="centos"\nVERSION_ID="7"',
                "etc/redhat-release": "CentOS Linux release 7.9.2009 (Core)",
            },
            ("centos", "rhel", "7.9.2009"),
        ),
        ({"etc/os-release": "ID=alpine\nVERSION_ID=3.19.1"}, ("alpine", "alpine", "3.19.1")),
        ({"etc/os-release": 'ID="amzn"\nVERSION_ID="2"\nID_LIKE="centos rhel fedora"'}, ("amazon", "rhel", "2")),
        ({"etc/os-release": "ID=kali\nID_LIKE=debian\nVERSION_ID=2024.1"}, ("kali", "debian", "2024.1")),
        ({}, ("", "", "")),
    ],
)
def test_distributions(tmp_path: Path, contents: dict[str, str], expected: tuple[str, str, str]) -> None:
    """A Linux distribution is named in the words that asset filters compare with."""
    assert system_facts.distribution(files(tmp_path, contents)) == expected


@pytest.mark.parametrize(
    ("machine", "arch", "version"),
    [
        ("x86_64", "amd64", 0),
        ("aarch64", "arm64", 0),
        ("armv7l", "arm", 7),
        ("i686", "386", 0),
        ("ppc64le", "ppc64le", 0),
    ],
)
def test_architectures(machine: str, arch: str, version: int) -> None:
    """A machine is named as Go names its architecture."""
    assert (system_facts.architecture(machine), system_facts.arm_version(machine)) == (arch, version)


@pytest.mark.parametrize(
    ("contents", "expected"),
    [
        ({"proc/self/cgroup": "0::/docker/abc"}, ("docker", "guest")),
        ({"proc/modules": "kvm 1 0\n"}, ("kvm", "host")),
        ({"proc/modules": "vboxguest 1 0\n"}, ("vbox", "guest")),
        ({"proc/bus/pci/devices": "0 1 virtio-pci"}, ("", "guest")),
        ({}, ("", "")),
    ],
)
def test_virtualisation(tmp_path: Path, contents: dict[str, str], expected: tuple[str, str]) -> None:
    """A host knows whether it is a guest or a host of virtual machines."""
    assert system_facts.virtualisation(files(tmp_path, contents)) == expected


def test_cloud_providers(tmp_path: Path) -> None:
    """A cloud provider is recognised by the firmware alone."""
    assert system_facts.cloud_provider(files(tmp_path / "a", {"sys/class/dmi/id/sys_vendor": "Amazon EC2"})) == "EC2"
    assert system_facts.cloud_provider(files(tmp_path / "b", {"sys/class/dmi/id/product_name": "Google x"})) == "GCP"
    assert system_facts.cloud_provider(tmp_path / "c") == ""


def test_facts_of_this_host() -> None:
    """The facts of a host have a name, an architecture and the loopback interface in CIDR form."""
    facts = system_facts.collect()
    assert facts.hostname
    assert facts.arch
    interfaces = facts.network.interfaces or ()
    assert [interface.name for interface in interfaces] == [name for _, name in sorted(socket.if_nameindex())]
    assert () not in [interface.addresses for interface in interfaces]
    addresses = [address for interface in interfaces for address in interface.addresses or ()]
    assert "127.0.0.1/8" in addresses


def test_networks_can_be_left_out() -> None:
    """An agent that is told so sends no network interfaces."""
    assert system_facts.collect(networks=False).network.interfaces is None
