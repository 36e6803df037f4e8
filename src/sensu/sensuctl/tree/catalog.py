"""`sensuctl catalog …`: integrations that install resources."""

from sensu.flags import Flag
from sensu.sensuctl.command import Command
from sensu.sensuctl.declare import FORMAT, NONE, ONE

CATALOG = Flag("catalog", short="c", help="URL, folder or .tar.gz archive of the catalog")
REPO_DIR = Flag("repo-dir", default=".", help="folder of the catalog's repository")
INTEGRATIONS_DIR = Flag("integrations-dir-name", default="integrations", help="folder that contains the integrations")

COMMANDS = (
    Command(
        "info",
        "catalog info [NAMESPACE/NAME[@VERSION]] [flags]",
        "Show an integration and its questions",
        "nouns.catalog:show_integration",
        (
            CATALOG,
            FORMAT,
            Flag("readme", "bool", default=False, help="show the README of the integration"),
        ),
        ONE,
        configured=False,
        example="sensuctl catalog info NAMESPACE/NAME",
    ),
    Command(
        "list",
        "catalog list [flags]",
        "List the integrations of a catalog",
        "nouns.catalog:list_integrations",
        (
            CATALOG,
            FORMAT,
            Flag("search", short="s", help="only integrations with a text, or: aws in tags, display_name matches aws"),
        ),
        NONE,
        configured=False,
        example="sensuctl catalog list --search 'aws in tags'",
    ),
    Command(
        "validate",
        "catalog validate [flags]",
        "Check the integrations of a catalog's repository",
        "nouns.catalog:validate",
        (INTEGRATIONS_DIR, REPO_DIR),
        NONE,
        configured=False,
        example="sensuctl catalog validate --repo-dir catalog",
    ),
)
