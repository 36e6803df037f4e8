"""`sensuctl logout`."""

from sensu.sensuctl.command import Context
from sensu.sensuctl.configuration import NANOSECONDS
from sensu.sensuctl.failure import CommandFailed


def log_out(context: Context) -> None:
    """End the session here and at the API; the URL and the preferences are kept.

    Source: recorded sensuctl sessions configure, token-refresh.
    """
    configuration, cluster = context.configuration, context.configuration.cluster
    if not cluster.access_token:
        raise CommandFailed("not logged in: an API key has no session to end")
    token = context.session.access_token()
    body = {"refresh_token": cluster.refresh_token}
    context.session.call_as(f"Bearer {token}", "POST", "/auth/logout", body)
    cluster.forget_tokens()
    cluster.insecure_skip_tls_verify, cluster.trusted_ca_file = False, ""
    cluster.timeout_ns = int(configuration.timeout_s * NANOSECONDS)
    configuration.save_cluster()
    context.print("You have been logged out")
