"""`sensuctl migrate`."""

from sensu.flags import Flag
from sensu.sensuctl.declare import DRY_RUN, alone

COMMAND = alone(
    "migrate --from URL [flags]",
    "nouns.migrate:migrate",
    DRY_RUN,
    Flag("except", help="comma-separated types to leave out"),
    Flag("from", required=True, help="URL of the API of the other backend"),
    Flag("from-insecure-skip-tls-verify", "bool", default=False, help="do not verify the other backend's certificate"),
    Flag("from-trusted-ca-file", help="file with the certificate authorities to trust for the other backend"),
    Flag("from-username", help="user to log in as at the other backend; variables have the password or an API key"),
    Flag("hashes", help="YAML file with the password hashes of users, NAME: HASH"),
    Flag("only", help="comma-separated types to copy"),
    Flag("overwrite", "bool", default=False, help="replace resources that exist already and differ"),
    example="sensuctl migrate --from https://old.example.org:8080 --dry-run",
)
