"""The built-in rule template `aggregate`, which every namespace has and nobody can change.

Source: docs, "Rule templates reference". The text printed there has line ends inside of strings, which is no
JavaScript; here they are escapes. `rules/services/aggregate.py` gives the same results without an engine.
"""

import hashlib
import re

from sensu.resources.metadata import ObjectMeta
from sensu.resources.rule_template import RuleTemplate, TemplateArguments

AGGREGATE = "aggregate"

_DESCRIPTION = (
    "Monitor a distributed service - aggregate one or more events into a single event. This BSM rule "
    "template allows you to treat the results of multiple disparate check executions – executed across "
    "multiple disparate systems – as a single event. This template is extremely useful in dynamic "
    "environments and/or environments that have a reasonable tolerance for failure. Use this template "
    "when a service can be considered healthy as long as a minimum threshold is satisfied (for example, "
    "at least 5 healthy web servers? at least 70% of N processes healthy?)."
)
_PROPERTIES = {
    "critical_count": {
        "description": (
            "create an event with a critical status if there the number of critical events "
            "is equal to or greater than this count"
        ),
        "type": "number",
    },
    "critical_threshold": {
        "description": (
            "create an event with a critical status if the percentage of non-zero events is "
            "equal to or greater than this threshold"
        ),
        "type": "number",
    },
    "metric_handlers": {
        "default": {},
        "description": "metric handlers to use for produced metrics",
        "items": {"type": "string"},
        "type": "array",
    },
    "produce_metrics": {
        "default": {},
        "description": "produce metrics from aggregate data and include them in the produced event",
        "type": "boolean",
    },
    "set_metric_annotations": {
        "default": {},
        "description": "annotate the produced event with metric annotations",
        "type": "boolean",
    },
    "warning_count": {
        "description": (
            "create an event with a warning status if there the number of critical events is "
            "equal to or greater than this count"
        ),
        "type": "number",
    },
    "warning_threshold": {
        "description": (
            "create an event with a warning status if the percentage of non-zero events is "
            "equal to or greater than this threshold"
        ),
        "type": "number",
    },
}
_EVAL = r"""
if (events && events.length == 0) {
    event.check.output = "WARNING: No events selected for aggregate\n";
    event.check.status = 1;
    return event;
}

event.annotations["io.sensu.bsm.selected_event_count"] = events.length;

percentOK = sensu.PercentageBySeverity("ok");

if (!!args["produce_metrics"]) {
    var handlers = [];

    if (!!args["metric_handlers"]) {
        handlers = args["metric_handlers"].slice();
    }

    var ts = Math.floor(new Date().getTime() / 1000);

    event.timestamp = ts;

    var tags = [
        {
            name: "service",
            value: event.entity.name
        },
        {
            name: "entity",
            value: event.entity.name
        },
        {
            name: "check",
            value: event.check.name
        }
    ];

    event.metrics = sensu.NewMetrics({
        handlers: handlers,
        points: [
            {
                name: "percent_non_zero",
                timestamp: ts,
                value: sensu.PercentageBySeverity("non-zero"),
                tags: tags
            },
            {
                name: "percent_ok",
                timestamp: ts,
                value: percentOK,
                tags: tags
            },
            {
                name: "percent_warning",
                timestamp: ts,
                value: sensu.PercentageBySeverity("warning"),
                tags: tags
            },
            {
                name: "percent_critical",
                timestamp: ts,
                value: sensu.PercentageBySeverity("critical"),
                tags: tags
            },
            {
                name: "percent_unknown",
                timestamp: ts,
                value: sensu.PercentageBySeverity("unknown"),
                tags: tags
            },
            {
                name: "count_non_zero",
                timestamp: ts,
                value: sensu.CountBySeverity("non-zero"),
                tags: tags
            },
            {
                name: "count_ok",
                timestamp: ts,
                value: sensu.CountBySeverity("ok"),
                tags: tags
            },
            {
                name: "count_warning",
                timestamp: ts,
                value: sensu.CountBySeverity("warning"),
                tags: tags
            },
            {
                name: "count_critical",
                timestamp: ts,
                value: sensu.CountBySeverity("critical"),
                tags: tags
            },
            {
                name: "count_unknown",
                timestamp: ts,
                value: sensu.CountBySeverity("unknown"),
                tags: tags
            }
        ]
    });

    if (!!args["set_metric_annotations"]) {
        var i = 0;

        while(i < event.metrics.points.length) {
            event.annotations["io.sensu.bsm.selected_event_" + event.metrics.points[i].name] =
                event.metrics.points[i].value.toString();
            i++;
        }
    }
}

if (!!args["critical_threshold"] && percentOK <= args["critical_threshold"]) {
    event.check.output = "CRITICAL: Less than " + args["critical_threshold"].toString() +
        "% of selected events are OK (" + percentOK.toString() + "%)\n";
    event.check.status = 2;
    return event;
}

if (!!args["warning_threshold"] && percentOK <= args["warning_threshold"]) {
    event.check.output = "WARNING: Less than " + args["warning_threshold"].toString() +
        "% of selected events are OK (" + percentOK.toString() + "%)\n";
    event.check.status = 1;
    return event;
}

if (!!args["critical_count"]) {
    crit = sensu.CountBySeverity("critical");

    if (crit >= args["critical_count"]) {
        event.check.output = "CRITICAL: " + args["critical_count"].toString() +
            " or more selected events are in a critical state (" + crit.toString() + ")\n";
        event.check.status = 2;
        return event;
    }
}

if (!!args["warning_count"]) {
    warn = sensu.CountBySeverity("warning");

    if (warn >= args["warning_count"]) {
        event.check.output = "WARNING: " + args["warning_count"].toString() +
            " or more selected events are in a warning state (" + warn.toString() + ")\n";
        event.check.status = 1;
        return event;
    }
}

event.check.output = "Everything looks good (" + percentOK.toString() + "% OK)";
event.check.status = 0;

return event;
"""

BUILT_IN = RuleTemplate(
    metadata=ObjectMeta(name=AGGREGATE),
    arguments=TemplateArguments(properties=_PROPERTIES),
    description=_DESCRIPTION,
    eval=_EVAL,
)

_PUBLISHED = (
    "2320d3c7c59c54ec",
    "7025ece3b374f3a4",
)
"""Digests of the script as different pages print it: the differences are in spaces and in where handlers are set."""
_ESCAPED = {"\\u003c": "<", "\\u003e": ">", "\\u0026": "&"}
_SPACE = re.compile(r"\s|\\n")


def is_built_in(template: RuleTemplate) -> bool:
    """Whether a template that a client sends is the built-in one, in any form in which it is published."""
    if template.metadata.name != AGGREGATE:
        return False
    script = template.eval
    for escape, character in _ESCAPED.items():
        script = script.replace(escape, character)
    digest = hashlib.sha256(_SPACE.sub("", script).encode("utf-8", "surrogatepass")).hexdigest()
    return digest[:16] in _PUBLISHED
