"""Real servers of other projects, started once for all tests.

Tests are left out where a server is not installed; with `TEST_REAL_SERVERS=required`, they fail instead.
"""

import os
from collections.abc import Generator, Iterator

import pytest

from tests.real import oidc_provider, openldap, samba_ad
from tests.real.missing_program import VARIABLE, failed_if_required
from tests.real.oidc_provider import IdentityProvider
from tests.real.openldap import OpenLDAP
from tests.real.samba_ad import SambaAD


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fails tests whose server must be installed."""
    report = yield
    error = None if call.excinfo is None else call.excinfo.value
    return failed_if_required(report, error, os.environ.get(VARIABLE, ""))


@pytest.fixture(scope="session")
def ldap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenLDAP]:
    """An OpenLDAP server."""
    with openldap.running(tmp_path_factory.mktemp("openldap") / "slapd") as server:
        yield server


@pytest.fixture(scope="session")
def domain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SambaAD]:
    """A domain controller of an Active Directory."""
    with samba_ad.running(tmp_path_factory.mktemp("samba") / "ad") as domain:
        yield domain


@pytest.fixture(scope="session")
def idp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IdentityProvider]:
    """An OpenID provider."""
    with oidc_provider.running(tmp_path_factory.mktemp("idp")) as provider:
        yield provider
