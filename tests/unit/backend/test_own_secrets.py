"""What commands of handlers and mutators inherit of the backend's environment."""

import pytest

from sensu.backend.own_secrets import command_environment
from sensu.backend.secrets import NoSecret, Secrets
from sensu.resources.metadata import ObjectMeta, SecretReference
from sensu.resources.secret import Secret


@pytest.mark.parametrize(
    ("variable", "kept"),
    [
        ("SENSU_BACKEND_CLUSTER_ADMIN_PASSWORD", False),
        ("SENSU_BACKEND_CLUSTER_ADMIN_USERNAME", False),
        ("SENSU_BACKEND_CLUSTER_ADMIN_API_KEY", False),
        ("SENSU_BACKEND_JWT_SECRET", False),
        ("SENSU_BACKEND_POSTGRES_DSN", False),
        ("NOTIFY_SOCKET", False),
        ("SENSU_BACKEND_API_URL", True),
        ("SLACK_WEBHOOK_URL", True),
        ("AWS_SECRET_ACCESS_KEY", True),
        ("PATH", True),
    ],
)
def test_the_backends_own_credentials_stay_with_it(variable: str, kept: bool) -> None:
    """Credentials that are for the backend alone are left out, all else is inherited."""
    assert command_environment({variable: "x"}) == ({variable: "x"} if kept else {})


class OneSecret:
    def __init__(self, variable: str) -> None:
        self._secret = Secret(metadata=ObjectMeta(name="s", namespace="default"), id=variable)

    def get(self, kind: object, namespace: str, name: str) -> Secret:
        return self._secret


def test_no_secret_reads_the_backends_own_credentials() -> None:
    """A secret whose variable is the backend's own has no value; any other variable is read."""
    environment = {"SENSU_BACKEND_CLUSTER_ADMIN_PASSWORD": "hidden", "TEAM_TOKEN": "shown"}
    asked = [SecretReference(name="TOKEN", secret="s")]
    own = Secrets(OneSecret("SENSU_BACKEND_CLUSTER_ADMIN_PASSWORD"), environment).variables("default", asked)
    assert isinstance(own, NoSecret)
    assert "hidden" not in own.why
    assert Secrets(OneSecret("TEAM_TOKEN"), environment).variables("default", asked) == [("TOKEN", "shown")]
