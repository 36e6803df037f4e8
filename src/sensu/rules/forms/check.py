"""The form of checks."""

from sensu.resources.kinds import CHECK
from sensu.rules.forms.inputs import HIDDEN, FormInput, KindForm, assets, environment, metadata, references, timeout
from sensu.rules.kinds.check_parts import OUTPUT_METRIC_FORMATS

WHAT, WHERE, WHEN, RESULT, THEN, MORE = SECTIONS = (
    "What runs",
    "Where",
    "When",
    "Result",
    "What happens then",
    "More",
)
_REPEATS = (
    *("daily", "weekly", "monthly", "annually", "weekdays", "weekends"),
    *("mondays", "tuesdays", "wednesdays", "thursdays", "fridays", "saturdays", "sundays"),
)
_PERCENT = "%"

FORM = KindForm(
    CHECK,
    SECTIONS,
    {
        **metadata(WHAT),
        "command": FormInput(
            "Command",
            "The command that agents run. It can contain tokens such as {{ .labels.url }}.",
            WHAT,
            widget="command",
            example="check-http --url https://example.com",
        ),
        **assets(WHAT),
        "timeout": timeout(WHAT, "Time after which a run is stopped; 0 for no limit."),
        "stdin": FormInput("Pass the event on standard input", section=WHAT, more=True),
        **environment(WHAT),
        "subscriptions": FormInput(
            "Subscriptions", "The subscriptions of the agents that run the check.", WHERE, widget="subscriptions"
        ),
        "round_robin": FormInput("Round robin", "Run on one agent at a time, in turn.", WHERE),
        "proxy_entity_name": FormInput(
            "Proxy entity",
            "The name of the entity that the results belong to, instead of the agent's own.",
            WHERE,
            widget="reference",
            of="entities",
            more=True,
        ),
        "proxy_requests": FormInput(
            "Proxy requests", "Run once for each entity that matches.", WHERE, widget="group", more=True
        ),
        "proxy_requests.entity_attributes": FormInput(
            "Entity attributes",
            "JavaScript expressions; a run is requested for each entity for which all of them are true.",
            widget="expressions",
            example="entity.entity_class == 'proxy'",
        ),
        "proxy_requests.splay": FormInput("Splay", "Spread the runs over the interval."),
        "proxy_requests.splay_coverage": FormInput(
            "Splay coverage", "The part of the interval that the runs are spread over.", unit=_PERCENT
        ),
        "interval": FormInput("Interval", "Time between runs.", WHEN, widget="duration", unit="s"),
        "cron": FormInput(
            "Cron schedule",
            "Minute, hour, day of the month, month and day of the week; CRON_TZ=Europe/Berlin before it sets the zone.",
            WHEN,
            widget="cron",
            example="*/15 8-18 * * 1-5",
        ),
        "publish": FormInput("Published", "Schedule the check; otherwise it runs only on request.", WHEN),
        "subdues": FormInput("Subdued", "Times in which the check is not run.", WHEN, widget="windows", more=True),
        "subdues[].begin": FormInput("From", "The first begin.", example="2030-01-05T22:00:00Z"),
        "subdues[].end": FormInput("To", "The first end.", example="2030-01-06T04:00:00Z"),
        "subdues[].repeat": FormInput("Repeat", "How the window repeats; never if empty.", choices=_REPEATS),
        "subdue": FormInput("Subdue", "A field of old versions, without effect.", widget=HIDDEN),
        "ttl": FormInput(
            "TTL",
            "Time without a result before the check is reported as failed; 0 for no limit.",
            RESULT,
            widget="duration",
            unit="s",
        ),
        "high_flap_threshold": FormInput(
            "High flap threshold",
            "The state change above which the check is flapping; 0 for no detection.",
            RESULT,
            unit=_PERCENT,
            more=True,
        ),
        "low_flap_threshold": FormInput(
            "Low flap threshold",
            "The state change below which the check is no longer flapping.",
            RESULT,
            unit=_PERCENT,
            more=True,
        ),
        "output_metric_format": FormInput(
            "Metric format",
            "The format of the metrics in the output; none if it has no metrics.",
            RESULT,
            choices=("", *sorted(OUTPUT_METRIC_FORMATS)),
        ),
        "output_metric_handlers": references(
            "Metric handlers", "The handlers that receive the metrics.", "handlers", RESULT, more=True
        ),
        "output_metric_tags": FormInput(
            "Metric tags", "Tags that every metric point gets.", RESULT, widget="pairs", more=True
        ),
        "output_metric_tags[].name": FormInput("Name"),
        "output_metric_tags[].value": FormInput("Value"),
        "output_metric_thresholds": FormInput(
            "Metric thresholds", "Bounds for metrics; values outside of them set the status.", RESULT, more=True
        ),
        "output_metric_thresholds[].name": FormInput("Metric", example="system.load1"),
        "output_metric_thresholds[].tags": FormInput("Tags", "Only points with these tags.", widget="pairs"),
        "output_metric_thresholds[].tags[].name": FormInput("Name"),
        "output_metric_thresholds[].tags[].value": FormInput("Value"),
        "output_metric_thresholds[].thresholds": FormInput("Rules"),
        "output_metric_thresholds[].thresholds[].min": FormInput("Minimum", example="0"),
        "output_metric_thresholds[].thresholds[].max": FormInput("Maximum", example="4.5"),
        "output_metric_thresholds[].thresholds[].status": FormInput("Status", "The status outside of the bounds."),
        "output_metric_thresholds[].null_status": FormInput("Status if the metric is missing"),
        "max_output_size": FormInput(
            "Maximum output", "The number of bytes of the output that are kept; 0 for all.", RESULT, unit="B", more=True
        ),
        "discard_output": FormInput("Discard the output", "Keep only the metrics of the output.", RESULT, more=True),
        "handlers": references("Handlers", "The handlers that receive the events.", "handlers", THEN),
        "pipelines": FormInput(
            "Pipelines", "The pipelines that process the events.", THEN, widget="references", of="pipelines"
        ),
        "pipelines[].name": FormInput("Pipeline", widget="reference", of="pipelines"),
        "pipelines[].type": FormInput("Type", widget=HIDDEN),
        "pipelines[].api_version": FormInput("API version", widget=HIDDEN),
        "fallback_pipeline": FormInput(
            "Fallback pipeline",
            "Pipelines that are tried in order until one handles the event; instead of pipelines.",
            THEN,
            widget="group",
            more=True,
        ),
        "fallback_pipeline.name": FormInput("Fallback pipeline", widget="reference", of="fallback-pipelines"),
        "fallback_pipeline.type": FormInput("Type", widget=HIDDEN),
        "fallback_pipeline.api_version": FormInput("API version", widget=HIDDEN),
        "check_hooks": FormInput(
            "Hooks", "Commands that agents run after the check, by its status.", THEN, widget="hooks", more=True
        ),
        "check_hooks[].*": FormInput(
            "Status", "0 to 255, ok, warning, critical, unknown or non-zero.", widget="references", of="hooks"
        ),
    },
)
