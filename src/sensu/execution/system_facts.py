"""Collects facts about this host, with the values of the reference, for asset filters, filters and tokens.

All functions may block; the agent calls them on a separate thread.
Source: docs, "Entities reference", system attributes; recorded scenario agent-first-frames.
"""

import contextlib
import os
import platform
import re
import socket
import sys
from pathlib import Path

import psutil

from sensu.resources.entity import Network, NetworkInterface, System

_OPERATING_SYSTEMS = {"win32": "windows", "cygwin": "windows"}
_ARCHITECTURES = {
    "x86_64": "amd64",
    "AMD64": "amd64",
    "i386": "386",
    "i486": "386",
    "i586": "386",
    "i686": "386",
    "aarch64": "arm64",
    "mips64el": "mips64le",
    "mipsel": "mipsle",
}
_PLATFORMS = {"rhel": "redhat", "amzn": "amazon", "ol": "oracle", "archarm": "arch", "opensuse-leap": "opensuse-leap"}
_FAMILIES = {
    "debian": "debian ubuntu linuxmint raspbian",
    "fedora": "fedora",
    "rhel": "oracle centos redhat scientific amazon rocky almalinux cloudlinux xenserver",
    "suse": "suse opensuse opensuse-leap opensuse-tumbleweed sles sled",
    "gentoo": "gentoo",
    "slackware": "slackware",
    "arch": "arch manjaro",
    "alpine": "alpine",
    "coreos": "coreos",
    "solus": "solus",
}
_FAMILY_OF = {name: family for family, names in _FAMILIES.items() for name in names.split()}
_NO_MAC = "00:00:00:00:00:00"
_AZURE_CHASSIS = "7783-7084-3265-9085-8269-3286-77"


def collect(*, networks: bool = True, cloud: bool = False, root: Path = Path("/")) -> System:
    """Collect the facts about this host; `root` is the folder of its system files."""
    os_name = operating_system()
    name, family, version = distribution(root) if os_name == "linux" else _other_platform()
    system, role = virtualisation(root) if os_name == "linux" else ("", "")
    machine = platform.machine()
    return System(
        hostname=socket.gethostname(),
        os=os_name,
        platform=name,
        platform_family=family,
        platform_version=version,
        network=Network(interfaces=interfaces()) if networks else Network(),
        arch=architecture(machine),
        arm_version=arm_version(machine),
        libc_type=libc(root) if os_name == "linux" else "",
        vm_system=system,
        vm_role=role,
        cloud_provider=cloud_provider(root) if cloud else "",
        float_type=_float_type(machine, root),
    )


def operating_system() -> str:
    """`linux`, `windows`, `darwin`, `freebsd` …"""
    return _OPERATING_SYSTEMS.get(sys.platform) or re.sub(r"\d+$", "", sys.platform)


def architecture(machine: str) -> str:
    """The architecture (`amd64`, `386`, `arm64`, `arm` …) for the kernel's name of the machine."""
    if machine.startswith("arm") and machine != "arm64":
        return "arm"
    return _ARCHITECTURES.get(machine, machine)


def arm_version(machine: str) -> int:
    """5, 6 or 7 on a 32-bit ARM, else 0."""
    match = re.match(r"armv(\d)", machine)
    return int(match[1]) if match and architecture(machine) == "arm" else 0


def _float_type(machine: str, root: Path) -> str:
    if architecture(machine) != "arm":
        return ""
    return "hardfloat" if re.search(r"\bvfp", _read(root / "proc/cpuinfo")) else "softfloat"


def distribution(root: Path) -> tuple[str, str, str]:
    """The platform, family and version of a Linux distribution: `debian`, `debian`, `12.5`."""
    release = _os_release(root)
    name = _PLATFORMS.get(release.get("ID", ""), release.get("ID", ""))
    version = release.get("VERSION_ID", "")
    red_hat = _read(root / "etc/redhat-release").strip()
    debian = _read(root / "etc/debian_version").strip()
    if red_hat:
        name = "redhat" if red_hat.lower().startswith("red hat") else red_hat.split()[0].lower()
        match = re.search(r"release (\d[\d.]*)", red_hat)
        version = match[1] if match else version
    elif debian and name in ("debian", "raspbian", ""):
        name, version = name or "debian", debian
    family = _FAMILY_OF.get(name, "")
    for like in release.get("ID_LIKE", "").split() if not family else ():
        family = family or _FAMILY_OF.get(_PLATFORMS.get(like, like), "")
    return name, family, version


def _other_platform() -> tuple[str, str, str]:
    if sys.platform == "darwin":
        return "darwin", "Standalone Workstation", platform.mac_ver()[0]
    return operating_system(), "", platform.release()


def _os_release(root: Path) -> dict[str, str]:
    text = _read(root / "etc/os-release") or _read(root / "usr/lib/os-release")
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return {key.strip(): value.strip().strip("\"'") for key, _, value in pairs}


def interfaces() -> tuple[NetworkInterface, ...]:
    """The network interfaces in the kernel's order, with addresses in CIDR notation."""
    found = []
    with contextlib.suppress(OSError):
        for name, addresses in sorted(psutil.net_if_addrs().items(), key=lambda found: _index(found[0])):
            mac = next((a.address for a in addresses if a.family == psutil.AF_LINK), "")
            cidrs = tuple(
                cidr for a in addresses if (cidr := _cidr(int(a.family), a.address, a.netmask or "")) is not None
            )
            found.append(NetworkInterface(name=name, mac="" if mac == _NO_MAC else mac, addresses=cidrs or None))
    return tuple(found)


def _index(interface: str) -> int:
    try:
        return socket.if_nametoindex(interface)
    except OSError:
        return sys.maxsize


def _cidr(family: int, address: str, netmask: str) -> str | None:
    if family not in (socket.AF_INET, socket.AF_INET6):
        return None
    try:
        mask = socket.inet_pton(family, netmask.partition("/")[0])
    except (OSError, ValueError):
        mask = b"\xff" * (4 if family == socket.AF_INET else 16)
    bits = int.from_bytes(mask, "big").bit_count()
    return f"{address.partition('%')[0]}/{bits}"


def libc(root: Path) -> str:
    """`glibc`, `musl` or an empty string."""
    name = ""
    with contextlib.suppress(ValueError, OSError, AttributeError):
        name = os.confstr("CS_GNU_LIBC_VERSION") or ""
    if name.startswith("glibc"):
        return "glibc"
    return "musl" if any((root / "lib").glob("ld-musl-*")) else ""


def virtualisation(root: Path) -> tuple[str, str]:
    """The virtualisation system and this host's role in it (`guest` or `host`), detected from files."""
    cgroups = _read(root / "proc/self/cgroup")
    for system, mark in (("docker", "docker"), ("lxc", "/lxc/"), ("kubernetes", "kubepods")):
        if mark in cgroups:
            return system, "guest"
    if (root / "proc/xen").exists():
        return "xen", "host" if "control_d" in _read(root / "proc/xen/capabilities") else "guest"
    modules = _read(root / "proc/modules")
    for module, system, role in (
        ("vboxguest", "vbox", "guest"),
        ("vmw_balloon", "vmware", "guest"),
        ("vboxdrv", "vbox", "host"),
        ("kvm", "kvm", "host"),
    ):
        if re.search(rf"^{module}\b", modules, re.MULTILINE):
            return system, role
    cpu = _read(root / "proc/cpuinfo")
    if "QEMU Virtual CPU" in cpu or "Common KVM processor" in cpu:
        return "kvm", "guest"
    return "", "guest" if "virtio" in _read(root / "proc/bus/pci/devices") or " hypervisor" in cpu else ""


def cloud_provider(root: Path) -> str:
    """`EC2`, `GCP`, `Azure` or an empty string, detected from the firmware without network requests."""
    dmi = root / "sys/class/dmi/id"
    vendor = _read(dmi / "sys_vendor") + _read(dmi / "bios_vendor") + _read(dmi / "product_name")
    if "Amazon" in vendor or _read(dmi / "product_uuid").lower().startswith("ec2"):
        return "EC2"
    if "Google" in vendor:
        return "GCP"
    return "Azure" if _AZURE_CHASSIS in _read(dmi / "chassis_asset_tag") else ""


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
