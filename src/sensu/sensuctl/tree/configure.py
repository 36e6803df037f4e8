"""`sensuctl configure`."""

from sensu.flags import Flag
from sensu.sensuctl.declare import alone

COMMAND = alone(
    "configure [flags]",
    "nouns.configure:configure",
    Flag("format", default="tabular", help="preferred output format"),
    Flag("non-interactive", "bool", default=False, short="n", help="do not prompt"),
    Flag("password", help="password to log in with"),
    Flag("url", help="URL of the API"),
    Flag("username", help="user to log in as"),
    configured=False,
    example="sensuctl configure -n --url http://127.0.0.1:8080 --username admin --password 'P@ssw0rd!'",
)
