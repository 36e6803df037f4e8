"""Real servers of other projects, started once for all tests; tests are left out where they are not installed."""

from collections.abc import Iterator

import pytest

from tests.real import oidc_provider, openldap, samba_ad
from tests.real.oidc_provider import IdentityProvider
from tests.real.openldap import OpenLDAP
from tests.real.samba_ad import SambaAD


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
