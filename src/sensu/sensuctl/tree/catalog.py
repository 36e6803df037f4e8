"""`sensuctl catalog …`: integrations that install resources."""

from sensu.flags import Flag
from sensu.sensuctl.command import Command
from sensu.sensuctl.declare import DRY_RUN, FORMAT, NONE, ONE, SKIP_CONFIRM

CATALOG = Flag("catalog", short="c", help="URL, folder or .tar.gz archive of the catalog")
REPO_DIR = Flag("repo-dir", default=".", help="folder of the catalog's repository")
INTEGRATIONS_DIR = Flag("integrations-dir-name", default="integrations", help="folder that contains the integrations")

INSTALL_FLAGS = (
    Flag(
        "answers", "stringArray", short="a", help="file with answers, NAME: VALUE in YAML or JSON; - for standard input"
    ),
    CATALOG,
    Flag("defaults", "bool", default=False, help="do not ask at a terminal; questions get their defaults"),
    DRY_RUN,
    Flag("interactive", "bool", default=False, help="ask the questions even if standard input is not a terminal"),
    Flag("overwrite", "bool", default=False, help="replace resources that exist already and differ"),
    Flag("set", "stringArray", short="s", help="answer NAME=VALUE or NAME.PART=VALUE; repeatable"),
    SKIP_CONFIRM,
)

ID = Flag("id", help="the installation, if an integration is installed several times")
FORCE = Flag("force", "bool", default=False, help="include resources that were changed since their installation")

SKIP_INVALID = Flag("skip-invalid", "bool", default=False, help="leave out versions that cannot be published")
TEMP_DIR = Flag(
    "temp-dir", help="folder in which a folder for the generated files is made (default: that of the system)"
)
WITHOUT_SNAPSHOT = Flag("without-snapshot", "bool", default=False, help="serve only tagged versions")

ADDRESS = Flag("address", default="127.0.0.1", help="address to listen on")


def _port(number: int) -> Flag:
    return Flag("port", "int", default=number, help="port to listen on; 0 takes a free one")


COMMANDS = (
    Command(
        "generate",
        "catalog generate [flags]",
        "Generate the files of a catalog for a web server",
        "nouns.catalog_generate:generate",
        (
            INTEGRATIONS_DIR,
            Flag("output", short="o", help="folder for the releases, in which earlier ones stay"),
            REPO_DIR,
            SKIP_INVALID,
            Flag("snapshot", "bool", default=False, help="include the files that are checked out"),
            TEMP_DIR,
            Flag("watch", "bool", default=False, help="generate again when a file changes"),
        ),
        NONE,
        configured=False,
        example="sensuctl catalog generate --repo-dir catalog --output public",
    ),
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
        "install",
        "catalog install [NAMESPACE/NAME[@VERSION]] [flags]",
        "Install an integration",
        "nouns.catalog_install:install",
        INSTALL_FLAGS,
        ONE,
        example="sensuctl catalog install NAMESPACE/NAME --set NAME=VALUE",
    ),
    Command(
        "list",
        "catalog list [flags]",
        "List the integrations of a catalog",
        "nouns.catalog:list_integrations",
        (
            CATALOG,
            FORMAT,
            Flag("installed", "bool", default=False, help="list what is installed in the namespace"),
            Flag("search", short="s", help="only integrations with a text, or: aws in tags, display_name matches aws"),
        ),
        NONE,
        configured=False,
        example="sensuctl catalog list --search 'aws in tags'",
    ),
    Command(
        "preview",
        "catalog preview [flags]",
        "Serve pages with the integrations of a repository, for development",
        "nouns.catalog_server:preview",
        (
            ADDRESS,
            INTEGRATIONS_DIR,
            _port(3003),
            REPO_DIR,
            SKIP_INVALID,
            TEMP_DIR,
            WITHOUT_SNAPSHOT,
            Flag("without-watch", "bool", default=False, help="do not generate again when a file changes"),
        ),
        NONE,
        configured=False,
        example="sensuctl catalog preview --repo-dir catalog",
    ),
    Command(
        "remove",
        "catalog remove [NAMESPACE/NAME] [flags]",
        "Delete the resources of an integration",
        "nouns.catalog_update:remove",
        (
            DRY_RUN,
            Flag("force", "bool", default=False, help="also delete resources that were changed or that others use"),
            ID,
            SKIP_CONFIRM,
        ),
        ONE,
        example="sensuctl catalog remove NAMESPACE/NAME --dry-run",
    ),
    Command(
        "server",
        "catalog server [flags]",
        "Serve the files of a repository's catalog, for development",
        "nouns.catalog_server:serve",
        (
            ADDRESS,
            INTEGRATIONS_DIR,
            _port(8083),
            REPO_DIR,
            SKIP_INVALID,
            TEMP_DIR,
            Flag("watch", "bool", default=False, help="generate again when a file changes"),
            WITHOUT_SNAPSHOT,
        ),
        NONE,
        configured=False,
        example="sensuctl catalog server --repo-dir catalog --watch",
    ),
    Command(
        "update",
        "catalog update [NAMESPACE/NAME[@VERSION]] [flags]",
        "Update an integration, or change its answers",
        "nouns.catalog_update:update",
        tuple(sorted((*INSTALL_FLAGS, FORCE, ID), key=lambda flag: flag.name)),
        ONE,
        example="sensuctl catalog update NAMESPACE/NAME --set NAME=VALUE",
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
