"""`sensuctl configure`."""

from sensu.flags import Flag
from sensu.sensuctl.declare import alone

PORT = Flag("port", "int", default=8000, help="port of this computer to which the browser returns")
PROVIDER = Flag("provider", help="OpenID Connect provider, if there are several")
COMMAND = alone(
    "configure [flags]",
    "nouns.configure:configure",
    Flag("format", default="tabular", help="preferred output format"),
    Flag("non-interactive", "bool", default=False, short="n", help="do not prompt"),
    Flag("oidc", "bool", default=False, help="log in with the browser, at an OpenID Connect provider"),
    Flag("password", help="password to log in with"),
    PORT,
    PROVIDER,
    Flag("url", help="URL of the API"),
    Flag("username", help="user to log in as"),
    configured=False,
    example="sensuctl configure -n --url http://127.0.0.1:8080 --username admin --password 'P@ssw0rd!'",
)
