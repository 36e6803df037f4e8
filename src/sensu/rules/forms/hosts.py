"""The forms of entities, hooks, assets and silences."""

from sensu.resources.kinds import ASSET, ENTITY, HOOK, SILENCED
from sensu.rules.forms.inputs import (
    NAME,
    NOT_SHOWN,
    FormInput,
    KindForm,
    assets,
    metadata,
    references,
    timeout,
)

WHAT, AGENT, MORE, WHEN = "What it is", "Agent", "More", "When"

ENTITY_FORM = KindForm(
    ENTITY,
    (WHAT, AGENT, MORE),
    {
        **metadata(WHAT),
        "entity_class": FormInput(
            "Class", "proxy for a device or service without an agent; agents are of the class agent.", WHAT
        ),
        "subscriptions": FormInput(
            "Subscriptions", "The checks of these subscriptions run on its agent.", WHAT, widget="subscriptions"
        ),
        "deregister": FormInput("Deregister", "Delete the entity when its agent stops.", AGENT),
        "deregistration": FormInput("Deregistration", section=AGENT, widget="group"),
        "deregistration.handler": FormInput(
            "Deregistration handler",
            "Receives an event when the entity is deregistered.",
            widget="reference",
            of="handlers",
        ),
        "keepalive_handlers": references(
            "Keepalive handlers", "The handlers that receive missing keepalives.", "handlers", AGENT
        ),
        "redact": FormInput("Redact", "Names of labels and annotations whose values are not shown.", MORE, more=True),
        "user": FormInput("User", "The user that the agent connects as.", MORE, more=True),
        "system": NOT_SHOWN,
        "last_seen": NOT_SHOWN,
        "sensu_agent_version": NOT_SHOWN,
    },
)
HOOK_FORM = KindForm(
    HOOK,
    (WHAT, MORE),
    {
        **metadata(WHAT),
        "command": FormInput(
            "Command",
            "The command that the agent runs after a check.",
            WHAT,
            widget="command",
            example="ps aux --sort=-%cpu | head",
        ),
        "timeout": timeout(WHAT, "Time after which the command is stopped."),
        "stdin": FormInput("Pass the event on standard input", section=WHAT, more=True),
        **assets(WHAT, more=True),
    },
)
_ASSET_NAME = FormInput("Name", "Letters, digits, and the characters / _ . - :")
_SOURCE = {
    "url": ("URL", "Where the archive is fetched from.", "", "https://example.com/check-http_1.2.0_linux_amd64.tar.gz"),
    "sha512": ("SHA-512 checksum", "The checksum of the archive, in hexadecimal.", "checksum", ""),
    "filters": (
        "Filters",
        "Expressions that select the hosts that it is for.",
        "expressions",
        "entity.system.os == 'linux'",
    ),
    "headers": ("Headers", "HTTP headers of the request for the archive.", "labels", ""),
}


def _source(prefix: str, section: str) -> dict[str, FormInput]:
    return {
        f"{prefix}{name}": FormInput(title, text, section, widget, example=example, more=name == "headers")
        for name, (title, text, widget, example) in _SOURCE.items()
    }


ASSET_FORM = KindForm(
    ASSET,
    (WHAT, MORE),
    {
        **metadata(WHAT, _ASSET_NAME),
        "builds": FormInput("Builds", "One archive for each platform. They replace the fields below.", WHAT),
        **_source("builds[].", ""),
        **_source("", WHAT),
    },
)
SILENCE_FORM = KindForm(
    SILENCED,
    (WHAT, WHEN, MORE),
    {
        **metadata(MORE, FormInput(NAME.title, "Follows from the subscription and the check.", widget="hidden")),
        "subscription": FormInput(
            "Subscription", "entity:NAME for one entity; empty for all.", WHAT, example="entity:web1"
        ),
        "check": FormInput("Check", "Empty for all checks.", WHAT, widget="reference", of="checks"),
        "reason": FormInput("Reason", "Why, for colleagues.", WHAT),
        "begin": FormInput("Begin", "Now if empty.", WHEN, widget="time"),
        "expire": FormInput("Duration", "-1 for no end.", WHEN, widget="duration", unit="s"),
        "expire_at": FormInput("End", section=WHEN, widget="time"),
        "expire_on_resolve": FormInput("Until resolved", "Delete the silence when the event is resolved.", WHEN),
        "creator": NOT_SHOWN,
    },
)
