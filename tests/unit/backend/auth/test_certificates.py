"""Whom a client certificate stands for."""

from pathlib import Path

import pytest

from sensu.backend.auth.certificates import common_name, identity_for_certificate
from sensu.backend.auth.identity import Identity, Rejected, Via
from sensu.resources.user import User
from tests.flows.certificate_authority import Authority

USERS = {
    "agent": User(username="agent", groups=("system:agents",)),
    "fleet": User(username="fleet", groups=("fleets",)),
    "gone": User(username="gone", disabled=True),
}


@pytest.mark.parametrize(
    ("name", "agent", "user"),
    [("agent", "web1", "agent"), ("fleet", "web1", "fleet"), ("web1", "web1", "agent")],
)
def test_who_a_certificate_stands_for(tmp_path: Path, name: str, agent: str, user: str) -> None:
    """The common name is a user, or the agent's own name, which has the rights of the user `agent`."""
    found = identity_for_certificate(Authority(tmp_path).issue(name).der, agent, USERS.get)
    assert isinstance(found, Identity)
    assert (found.username, found.via) == (user, Via.CERTIFICATE)
    assert set(USERS[user].groups) <= set(found.groups)


@pytest.mark.parametrize(
    ("name", "why"), [("db1", "the certificate is of another agent"), ("gone", "bad credentials"), ("", "no common")]
)
def test_who_has_no_rights(tmp_path: Path, name: str, why: str) -> None:
    """The certificate of another agent, of a disabled user or without a name lets nobody in."""
    pair = Authority(tmp_path).issue(name or " ")
    found = identity_for_certificate(pair.der if name else b"garbage", "web1", USERS.get)
    assert isinstance(found, Rejected)
    assert why in found.message


def test_the_agents_user_can_be_disabled(tmp_path: Path) -> None:
    """With the user `agent` disabled, certificates of agents let nobody in either."""
    users = {"agent": User(username="agent", disabled=True)}
    assert identity_for_certificate(Authority(tmp_path).issue("web1").der, "web1", users.get) == Rejected(
        "bad credentials"
    )


def test_garbage_has_no_name() -> None:
    """What is no certificate has no common name, and raises nothing."""
    assert common_name(b"\x30\x82") == ""
