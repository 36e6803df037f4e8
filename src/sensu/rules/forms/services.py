"""The forms of service components and rule templates."""

from sensu.resources.kinds import RULE_TEMPLATE, SERVICE_COMPONENT
from sensu.rules.forms.inputs import FormInput, KindForm, metadata, references
from sensu.rules.services.component_query import QUERY_TYPES

WHAT, WHEN, RULES, MORE = "Which events", "When", "Rules", "More"

COMPONENT_FORM = KindForm(
    SERVICE_COMPONENT,
    (WHAT, WHEN, RULES, MORE),
    {
        **metadata(WHAT),
        "services": FormInput(
            "Services", "The names of the service entities that depend on the events; they are created if needed.", WHAT
        ),
        "query": FormInput("Selectors", "An event must match all of them.", WHAT, widget="objects"),
        "query[].type": FormInput("Type", choices=QUERY_TYPES),
        "query[].value": FormInput("Selector", example="webserver in event.check.subscriptions"),
        "interval": FormInput("Interval", "Time between evaluations.", WHEN, widget="duration", unit="s"),
        "cron": FormInput("Cron", "Times of evaluations, instead of an interval.", WHEN, widget="cron"),
        "rules": FormInput("Rules", "Each makes an event of the selected events.", RULES, widget="objects"),
        "rules[].name": FormInput("Name", "The name of the check in the events.", example="webservers-70"),
        "rules[].template": FormInput("Template", widget="reference", of="rule-templates"),
        "rules[].arguments": FormInput(
            "Arguments", "Names and values: numbers, true, false, text, or JSON.", widget="values"
        ),
        "handlers": references("Handlers", "The handlers of the events of all rules.", "handlers", RULES),
    },
)
TEMPLATE_FORM = KindForm(
    RULE_TEMPLATE,
    (RULES, MORE),
    {
        **metadata(RULES),
        "description": FormInput("Description", section=RULES),
        "eval": FormInput(
            "Script",
            "JavaScript with the variables events, event, args and sensu. It returns the event.",
            RULES,
            widget="script",
            example='event.check.status = sensu.CountBySeverity("critical") > 0 ? 2 : 0; return event;',
        ),
        "arguments": FormInput("Arguments", section=RULES, widget="group"),
        "arguments.properties": FormInput(
            "Schemas", 'Names, and a JSON Schema for each, for example {"type": "number"}.', widget="values"
        ),
        "arguments.required": FormInput("Required", "The names of arguments without which a rule fails."),
    },
)
