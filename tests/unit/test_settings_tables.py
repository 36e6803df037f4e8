"""The settings of backend and agent: each has an effect, and those of the reference that have none are named."""

import dataclasses
import re
from pathlib import Path

import pytest

from sensu.agent import settings as agent
from sensu.backend import settings as backend
from sensu.errors import ConfigurationError
from sensu.settings import flag_name, load
from sensu.settings_reference import page

SOURCES = Path(__file__).resolve().parents[2] / "src" / "sensu"
TEMPLATE = """
state-dir: /var/lib/sensu/sensu-backend
agent-port: 8081
dashboard-port: 3000
cluster-admin-username: admin
etcd-client-cert-auth: true
etcd-initial-cluster: "default=http://127.0.0.1:2380"
etcd-listen-client-urls: ["http://127.0.0.1:2379"]
no-embed-etcd: false
require-fips: false
"""


def read_backend(*words: str) -> list[str]:
    said: list[str] = []
    load(
        backend.BackendSettings,
        words,
        {},
        prefix=backend.ENVIRONMENT_PREFIX,
        usage="",
        retired=backend.RETIRED_FLAGS,
        elsewhere=backend.INIT_NAMES,
        remark=said.append,
    )
    return said


@pytest.mark.parametrize(
    ("room", "shape"),
    [("backend", backend.BackendSettings), ("backend", backend.InitSettings), ("agent", agent.AgentSettings)],
)
def test_each_setting_is_read(room: str, shape: type[object]) -> None:
    """A setting that the table offers is read by the program."""
    code = "\n".join(path.read_text() for path in (SOURCES / room).rglob("*.py"))
    fields = [field.name for field in dataclasses.fields(shape)]  # type: ignore[arg-type] - settings are dataclasses
    read = {name for name in fields if re.search(rf"(settings|self|read)\.{name}\b", code)}
    assert [name for name in fields if name not in read and name != "config_file"] == []


@pytest.mark.parametrize(
    ("retired", "shape"),
    [(backend.RETIRED_FLAGS, backend.InitSettings), (agent.RETIRED_FLAGS, agent.AgentSettings)],
)
def test_no_setting_is_also_without_effect(retired: frozenset[str], shape: type[object]) -> None:
    """What works is not among the settings that are accepted without effect."""
    fields = dataclasses.fields(shape)  # type: ignore[arg-type] - settings are dataclasses
    assert retired & {flag_name(field.name) for field in fields} == set()


def test_a_template_of_the_reference_starts_with_one_line(tmp_path: Path) -> None:
    """A backend.yml of the reference is accepted, and one line names what has no effect."""
    file = tmp_path / "backend.yml"
    file.write_text(TEMPLATE)
    assert read_backend("-c", str(file)) == [
        "without effect here: etcd-client-cert-auth, etcd-initial-cluster, etcd-listen-client-urls, no-embed-etcd"
    ]


@pytest.mark.parametrize("flag", ["--require-openssl", "--debug", "--etcd-name=x"])
def test_flags_without_effect_are_accepted_and_named(flag: str) -> None:
    """A command line for the reference starts this backend, too."""
    assert read_backend(flag) == [f"without effect here: {flag.removeprefix('--').partition('=')[0]}"]


def test_the_agent_names_what_it_ignores(tmp_path: Path) -> None:
    """An agent says which keys of its file it does not know and which flags have no effect."""
    file, said = tmp_path / "agent.yml", list[str]()
    file.write_text("subscription: [linux]\n")
    agent.read(["-c", str(file), "--require-openssl"], {}, said.append)
    assert said == [
        f"unknown: subscription (did you mean subscriptions?); in config file {file}",
        "without effect here: require-openssl",
    ]


def test_misspelled_variables_are_named() -> None:
    """A variable that looks like one of the agent's is named with it; those of other programs are not mentioned."""
    said = list[str]()
    variables = {
        "SENSU_BACKEND_ULR": "ws://a",
        "SENSU_BACKEND_STATE_DIR": "/s",
        "SENSU_API_KEY": "k",
        "SENSU_NAME": "n",
    }
    agent.read([], variables, said.append)
    assert said == ["unknown: SENSU_BACKEND_ULR (did you mean SENSU_BACKEND_URL?); in the environment"]


@pytest.mark.parametrize(
    ("flag", "meant"),
    [
        ("--backend-ulr=x", "; did you mean --backend-url?"),
        ("--cache_dir=x", "; did you mean --cache-dir?"),
        ("--zz", ""),
    ],
)
def test_misspelled_flags_are_corrected(flag: str, meant: str) -> None:
    """The message names the flag that was probably meant."""
    with pytest.raises(ConfigurationError) as raised:
        agent.read([flag], {})
    assert str(raised.value) == f"unknown flag: {flag.partition('=')[0]}{meant}"


def test_the_reference_of_settings_is_up_to_date() -> None:
    """docs/configuration.md lists every setting with its default, as the programs have it (make docs)."""
    assert (SOURCES.parents[1] / "docs" / "configuration.md").read_text() == page()
