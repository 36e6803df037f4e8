"""The credentials that a request or a connection carries."""

import msgspec


class Credentials(msgspec.Struct, frozen=True):
    """What the sender of a request offers as proof of who it is.

    Each listener fills in only what it accepts. `authorization` is the Authorization header (an access token or an API
    key), None if it was not sent. `certificate` is a client certificate in DER form that TLS has verified, and `agent`
    the name of the agent that connects with it. `cookie` is the session cookie of a browser. `address` is the network
    address of the sender.
    """

    authorization: str | None = None
    certificate: bytes = b""
    agent: str = ""
    address: str = ""
    cookie: str = ""


COOKIE = "sensu.cookie"
"""Where the web UI's port puts the session cookie into the ASGI scope; a request of another port has none there."""
