"""The forms of handlers, filters, mutators and pipelines."""

from sensu.resources.handler import HANDLER_TYPES
from sensu.resources.kinds import EVENT_FILTER, FALLBACK_PIPELINE, HANDLER, MUTATOR, PIPELINE
from sensu.rules.forms.inputs import (
    HIDDEN,
    FormInput,
    KindForm,
    assets,
    days,
    environment,
    metadata,
    references,
    timeout,
)
from sensu.rules.kinds.handler import RETRY_ATTEMPTS_MAX
from sensu.rules.notify.occasions import OCCASIONS

WHAT, EVENTS, FAILURE, MORE = "What it does", "Which events", "After a failure", "More"

AFTER_FAILURE = {
    "retry_attempts": FormInput(
        "Further attempts",
        f"How often a failed attempt is repeated, at most {RETRY_ATTEMPTS_MAX}; empty for the default.",
        FAILURE,
    ),
    "retry_delay": FormInput(
        "First pause", "Time before the second attempt; 0 for the default.", FAILURE, widget="duration", unit="s"
    ),
    "retry_delay_max": FormInput(
        "Longest pause",
        "Each pause is twice as long as the last, up to this; 0 for the default.",
        FAILURE,
        widget="duration",
        unit="s",
    ),
    "fallback_handler": FormInput(
        "Fallback handler",
        "Receives the events that are given up after the last attempt.",
        FAILURE,
        widget="reference",
        of="handlers",
    ),
}
"""The fields about what happens after a failed attempt."""

HANDLER_FORM = KindForm(
    HANDLER,
    (WHAT, EVENTS, FAILURE, MORE),
    {
        **metadata(WHAT),
        "type": FormInput(
            "Type",
            "A pipe handler runs a command, a notify handler sends messages, a tcp or udp handler sends to a socket, "
            "a set passes events on.",
            WHAT,
            choices=HANDLER_TYPES,
        ),
        "notify": FormInput("Messages", "The services that a notify handler sends messages to.", WHAT, widget="group"),
        "notify.urls": FormInput(
            "URLs",
            "Where messages go. ${NAME} is the value of a variable from a secret.",
            example="slack://${SLACK}/",
        ),
        "notify.when": FormInput(
            "When",
            "What a message is sent about; nothing chosen for incident and resolve.",
            choices=OCCASIONS,
        ),
        "notify.repeat": FormInput(
            "Remind after",
            "Time after which an incident that goes on is announced again; empty: never.",
            example="4h",
        ),
        "notify.storm": FormInput(
            "Storm", "When many problems arrive, digests take the place of messages.", widget="group", more=True
        ),
        "notify.storm.after": FormInput("Problems", "A storm begins after this number; 0 for never, empty for 10."),
        "notify.storm.within": FormInput("Within", "The time in which they arrive; empty for 1m.", example="1m"),
        "notify.storm.digest": FormInput("Digest every", "Empty for 5m.", example="5m"),
        "notify.rate": FormInput(
            "Largest rate",
            "Messages in a time; what is above goes out in one. Empty for 30/1m.",
            more=True,
            example="30/1m",
        ),
        "notify.template": FormInput(
            "Template", "Parts of messages of your own, with the tokens of checks.", widget="group", more=True
        ),
        "notify.template.title": FormInput("Title", example="{{ .entity.name }}: {{ .check.name }} {{ .severity }}"),
        "notify.template.text": FormInput("Text", widget="text", example="{{ .check.output }}"),
        "notify.template.html": FormInput("HTML", "For mail; made of the text if it is empty.", widget="text"),
        "command": FormInput(
            "Command",
            "The command that reads the event on standard input.",
            WHAT,
            widget="command",
            example="sensu-slack-handler --channel '#ops'",
        ),
        "socket": FormInput("Socket", "The address that a tcp or udp handler sends to.", WHAT, widget="group"),
        "socket.host": FormInput("Host", example="collector.example.com"),
        "socket.port": FormInput("Port"),
        "handlers": references("Handlers", "The handlers of a set.", "handlers", WHAT),
        "timeout": timeout(WHAT, "Time after which an attempt is stopped; 0 for the default."),
        **assets(WHAT),
        **environment(WHAT),
        "filters": references("Filters", "The filters that an event must pass.", "filters", EVENTS),
        "mutator": FormInput(
            "Mutator", "Transforms the event before it is handled.", EVENTS, widget="reference", of="mutators"
        ),
        **AFTER_FAILURE,
    },
)
FILTER_FORM = KindForm(
    EVENT_FILTER,
    (EVENTS, MORE),
    {
        **metadata(EVENTS),
        "action": FormInput(
            "Action", "Allow or deny the events for which the expressions are true.", EVENTS, choices=("allow", "deny")
        ),
        "expressions": FormInput(
            "Expressions",
            "JavaScript expressions. An allow filter passes an event if none is false, a deny filter if none is true.",
            EVENTS,
            widget="expressions",
            example="event.check.occurrences == 1",
        ),
        **days("when", "Time windows", "Times by weekday outside of which the filter does not apply.", EVENTS),
        **assets(MORE, more=True),
    },
)
MUTATOR_FORM = KindForm(
    MUTATOR,
    (WHAT, MORE),
    {
        **metadata(WHAT),
        "type": FormInput(
            "Type",
            "A pipe mutator runs a command, a javascript mutator a script.",
            WHAT,
            choices=("pipe", "javascript"),
        ),
        "command": FormInput(
            "Command",
            "The command that reads the event and writes the changed event.",
            WHAT,
            widget="command",
            example="sensu-enrich --source inventory",
        ),
        "eval": FormInput(
            "Script",
            "JavaScript that changes the event or returns a text.",
            WHAT,
            widget="script",
            example="event.check.labels = {team: 'ops'}; return JSON.stringify(event);",
        ),
        "timeout": timeout(WHAT),
        **assets(WHAT, more=True),
        **environment(WHAT),
    },
)


def _reference(path: str, title: str, of: str, help_text: str = "") -> dict[str, FormInput]:
    return {
        f"{path}.name": FormInput(title, help_text, widget="reference", of=of),
        f"{path}.type": FormInput("Type", widget=HIDDEN),
        f"{path}.api_version": FormInput("API version", widget=HIDDEN),
    }


PIPELINE_FORM = KindForm(
    PIPELINE,
    (WHAT, MORE),
    {
        **metadata(WHAT),
        "workflows": FormInput("Workflows", "Every event goes through each of them.", WHAT, widget="workflows"),
        "workflows[].name": FormInput("Workflow", "A name for logs and explanations."),
        "workflows[].filters": FormInput(
            "Filters", "The filters that an event must pass, in order.", widget="references", of="filters"
        ),
        **_reference("workflows[].filters[]", "Filter", "filters"),
        "workflows[].mutator": FormInput("Mutator", widget="reference", of="mutators"),
        **_reference("workflows[].mutator", "Mutator", "mutators"),
        "workflows[].handler": FormInput("Handler", widget="reference", of="handlers"),
        **_reference("workflows[].handler", "Handler", "handlers"),
    },
)
FALLBACK_PIPELINE_FORM = KindForm(
    FALLBACK_PIPELINE,
    (WHAT, MORE),
    {
        **metadata(WHAT),
        "pipelines": FormInput(
            "Pipelines",
            "They are tried in this order, until one handles the event.",
            WHAT,
            widget="references",
            of="pipelines",
        ),
        **_reference("pipelines[]", "Pipeline", "pipelines"),
    },
)
