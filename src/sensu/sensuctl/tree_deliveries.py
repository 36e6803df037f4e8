"""The commands about what handlers are owed."""

from sensu.flags import Flag
from sensu.sensuctl.command import ANY_NUMBER, Command, Group
from sensu.sensuctl.declare import FORMAT, LIST_FLAGS, SKIP_CONFIRM, change, info

_SOME = (1, ANY_NUMBER)
_STATE = Flag("state", help='only deliveries in this state: "owed" or "dead"')
_FLAGS = (*(flag for flag in LIST_FLAGS if flag.name != "label-selector"), _STATE)

DELIVERY = Group(
    "delivery",
    "Manage deliveries to handlers",
    (
        change(
            "delivery",
            "discard",
            "nouns.delivery:discard_deliveries",
            "[ID]...",
            _SOME,
            "Discard deliveries: their handlers never receive them",
            "1234 --skip-confirm",
            SKIP_CONFIRM,
        ),
        info("delivery", "nouns.delivery:show_delivery", "[ID]"),
        Command(
            "list",
            "delivery list [flags]",
            "List deliveries that wait for handlers or were given up",
            "nouns.delivery:list_deliveries",
            _FLAGS,
            example="sensuctl delivery list --state dead",
        ),
        change(
            "delivery",
            "retry",
            "nouns.delivery:retry_deliveries",
            "[ID]...",
            _SOME,
            "Retry deliveries now",
            "1234",
        ),
    ),
)
EXPLAIN_EVENT = change(
    "event",
    "explain",
    "nouns.explain:explain_event",
    "[ENTITY] [CHECK]",
    (2, 2),
    "Explain why handlers received an event or not",
    "server-1 disk",
    FORMAT,
)
TEST_FILTER = change(
    "filter",
    "test",
    "nouns.explain:test_filter",
    "[NAME]",
    (0, 1),
    "Test whether an event passes a filter, and why; nothing is sent or stored",
    "hourly --entity server-1 --check disk",
    Flag("check", short="c", help="check of the stored event to test with"),
    Flag("entity", short="e", help="entity of the stored event to test with"),
    Flag("event", help="file with an event to test with"),
    Flag("file", short="f", help="file with a filter to test instead of a stored one"),
    FORMAT,
)
