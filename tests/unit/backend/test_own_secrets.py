"""What commands of handlers and mutators inherit of the backend's environment."""

import pytest

from sensu.backend.own_secrets import command_environment


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
