"""The container file and the Kubernetes manifests agree with one another and with the programs."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from sensu.agent.settings import AgentSettings, read
from sensu.backend.initialise import PASSWORD_VARIABLE, USERNAME_VARIABLE
from sensu.backend.settings import BackendSettings
from sensu.settings import load

PACKAGING = Path(__file__).parents[2] / "packaging"
CONTAINERFILE = PACKAGING / "container" / "Containerfile"
WORKLOADS = {"backend": "StatefulSet", "agent": "DaemonSet"}


def documents(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((PACKAGING / "kubernetes" / f"{name}.yaml").read_text()))


def pod_of(name: str) -> dict[str, Any]:
    """The pod of a program."""
    (workload,) = (each for each in documents(name) if each["kind"] == WORKLOADS[name])
    assert workload["spec"]["selector"]["matchLabels"] == workload["spec"]["template"]["metadata"]["labels"]
    return dict(workload["spec"]["template"]["spec"])


def container_of(name: str) -> dict[str, Any]:
    (container,) = pod_of(name)["containers"]
    return dict(container)


def test_hadolint_finds_nothing_in_the_container_file() -> None:
    """The container file keeps the rules of hadolint; exceptions are written in it."""
    hadolint = shutil.which("hadolint", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if hadolint is None:
        pytest.skip("hadolint is not installed: pip install -r requirements/tools.txt")
    command = [hadolint, str(CONTAINERFILE)]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (found.returncode, found.stdout) == (0, "")


@pytest.mark.parametrize("name", WORKLOADS)
def test_pods_run_without_rights_as_the_user_of_the_image(name: str) -> None:
    """A pod has the user of its image, no capabilities, and writes to volumes only, which are the program's folders."""
    (user,) = set(re.findall(r"^USER (\d+):\1$", CONTAINERFILE.read_text(), re.M))
    pod, container = pod_of(name), container_of(name)
    assert {pod["securityContext"][key] for key in ("runAsUser", "runAsGroup", "fsGroup")} == {int(user)}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    folders = {mount["mountPath"] for mount in container["volumeMounts"]}
    backend = {BackendSettings().state_dir, BackendSettings().cache_dir, "/tmp"}
    assert folders == (backend if name == "backend" else {AgentSettings().cache_dir, "/tmp"})


def test_the_backend_of_the_manifests_has_the_ports_and_the_administrator_of_the_program() -> None:
    """The service leads to the default ports, and the secret holds the variables of the first start."""
    settings, container = BackendSettings(), container_of("backend")
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"api": settings.api_address[1], "agents": settings.agent_port, "web": settings.dashboard_port}
    (service,) = (each for each in documents("backend") if each["kind"] == "Service")
    assert {port["name"]: port["port"] for port in service["spec"]["ports"]} == ports
    assert [each["name"] for each in container["env"]] == [USERNAME_VARIABLE, PASSWORD_VARIABLE]
    exposed = re.findall(r"^EXPOSE (.+)$", CONTAINERFILE.read_text(), re.M)
    assert sorted(map(int, exposed[0].split())) == sorted(ports.values())


def test_the_agent_of_the_manifests_finds_the_backend() -> None:
    """The agent's variables are settings that it takes, and its URL is the one of the backend's service."""
    env = {each["name"]: each.get("value", "given") for each in container_of("agent")["env"]}
    remarks: list[str] = []
    settings = read(["--config-file", str(PACKAGING / "etc" / "agent.yml")], env, remarks.append)
    (service,) = (each for each in documents("backend") if each["kind"] == "Service")
    assert settings.backend_url == (f"ws://{service['metadata']['name']}:{BackendSettings().agent_port}",)
    assert (settings.name, settings.password, settings.subscriptions) == ("given", "given", ("kubernetes",))
    assert remarks == []


@pytest.mark.parametrize("name", WORKLOADS)
def test_the_settings_in_the_packages_are_those_of_the_programs(name: str, tmp_path: Path) -> None:
    """Each key in the files of the packages is a setting of the program, also those that are commented out."""
    file = tmp_path / "settings.yml"
    file.write_text(re.sub(r"(?m)^#(?=[a-z-]+:)", "", (PACKAGING / "etc" / f"{name}.yml").read_text()))
    remarks: list[str] = []
    shape = BackendSettings if name == "backend" else AgentSettings
    loaded = load(shape, ["--config-file", str(file)], {}, prefix="NONE", usage=name, remark=remarks.append)
    assert remarks == []
    if isinstance(loaded, BackendSettings):
        assert (loaded.state_dir, loaded.agent_port) == (BackendSettings().state_dir, BackendSettings().agent_port)
    else:
        assert (loaded.backend_url, loaded.subscriptions) == (AgentSettings().backend_url, ("linux",))
