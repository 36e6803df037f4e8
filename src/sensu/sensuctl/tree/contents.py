"""Every command of sensuctl by its first word, in the sections of `sensuctl --help`.

The module of the same name in this folder declares the command; it is imported when the command is used.
"""

import importlib
from collections.abc import Iterator, Mapping

from sensu.sensuctl.command import Command, Group

SECTIONS = {
    "Monitoring": {
        "quickstart": "Watch a web page, a port, a host or a job, and send messages about it",
        "check": "Manage checks",
        "entity": "Manage entities",
        "event": "Manage events",
        "silenced": "Manage silences",
        "hook": "Manage hooks",
        "asset": "Manage assets",
        "catalog": "Install integrations from a catalog, and publish a catalog",
        "service-component": "Manage service components, the parts of business services",
        "rule-template": "Manage rule templates, which evaluate service components",
    },
    "Handling events": {
        "pipeline": "Manage pipelines",
        "fallback-pipeline": "Manage fallback pipelines, whose pipelines are tried in order",
        "filter": "Manage filters",
        "mutator": "Manage mutators",
        "handler": "Manage handlers",
        "tcp-stream-handler": "Manage TCP stream handlers, for pipelines",
        "sumo-logic-metrics-handler": "Manage Sumo Logic metrics handlers, for pipelines",
        "delivery": "Manage deliveries to handlers",
    },
    "Monitoring as code": {
        "create": "Create or replace resources from files, folders, URLs or standard input",
        "apply": "Create or update only the resources that differ from the files",
        "diff": "Show how files differ from the server; exit status 1 if they do",
        "delete": "Delete the resources listed in a file or on standard input",
        "prune": "Delete resources created by sensuctl that the files no longer contain",
        "edit": "Edit a resource in $EDITOR",
        "dump": "Export resources as YAML or JSON for 'create'; 'all' exports every type of 'describe-type all'",
        "describe-type": "List resource types",
    },
    "Coming from elsewhere": {
        "migrate": "Copy the resources of a running Sensu backend",
        "import": "Print resources made of the configuration of other monitoring systems, for review",
    },
    "Access": {
        "namespace": "Manage namespaces",
        "user": "Manage users",
        "api-key": "Manage API keys",
        "auth": "Manage authentication providers, such as LDAP directories",
        "role": "Manage roles",
        "role-binding": "Manage role bindings",
        "cluster-role": "Manage cluster roles, which apply to all namespaces",
        "cluster-role-binding": "Manage cluster role bindings",
    },
    "Operations": {
        "backup": "Save the resources of all namespaces to a file or a folder",
        "restore": "Restore a backup",
        "audit": "Show the audit log",
        "cluster": "Manage the cluster of backends",
        "secret": "Manage references to secrets",
        "secrets-provider": "Manage secrets providers, such as Vault servers",
        "search": "Manage saved searches of the web UI",
        "global-config": "Manage the configuration of the web UI",
        "federated-cluster": "Manage the clusters of a federation",
        "etcd-replicator": "Manage replicators, which mirror resources in other clusters",
        "datastore": "Manage datastore configurations of Sensu Go (stored, but not used)",
        "license": "Show the license of Sensu Go (no license is needed)",
        "tessen": "Show or change the usage reporting setting (nothing is ever sent)",
    },
    "This program": {
        "configure": "Log in, and save the API URL and preferences",
        "doctor": "Find out why something does not work, and what helps",
        "config": "Show and change the settings of sensuctl",
        "login": "Log in with the browser",
        "logout": "Log out",
        "env": "Print the settings as shell variables",
        "completion": "Print the completion script for a shell",
        "command": "Manage commands that extend sensuctl",
        "version": "Show the version",
    },
}
"""The summary of each command, by section and name."""


class _Tree(Mapping[str, Command | Group]):
    """The commands and groups of commands by name, each loaded when it is looked up."""

    def __init__(self, summaries: Mapping[str, str]) -> None:
        self._summaries = summaries

    def __getitem__(self, name: str) -> Command | Group:
        summary = self._summaries[name]
        module = importlib.import_module(f"sensu.sensuctl.tree.{name.replace('-', '_')}")
        if hasattr(module, "COMMAND"):
            command: Command = module.COMMAND
            return command._replace(summary=summary)
        return Group(name, summary, module.COMMANDS)

    def __contains__(self, name: object) -> bool:
        return name in self._summaries

    def __iter__(self) -> Iterator[str]:
        return iter(self._summaries)

    def __len__(self) -> int:
        return len(self._summaries)


TREE = _Tree({name: summary for section in SECTIONS.values() for name, summary in section.items()})
