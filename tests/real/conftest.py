"""Real servers of other projects, started once for all tests; tests are left out where they are not installed."""

from collections.abc import Iterator

import pytest

from tests.real import openldap
from tests.real.openldap import OpenLDAP


@pytest.fixture(scope="session")
def ldap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenLDAP]:
    """An OpenLDAP server."""
    with openldap.running(tmp_path_factory.mktemp("openldap") / "slapd") as server:
        yield server
