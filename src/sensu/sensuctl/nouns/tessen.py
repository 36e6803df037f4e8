"""`sensuctl tessen …`."""

from sensu.resources.kinds import TESSEN
from sensu.sensuctl.command import Context
from sensu.sensuctl.output import show_one
from sensu.sensuctl.paths import resource_path
from sensu.sensuctl.prompt import agree

TITLE = "Tessen Configuration"


def show_tessen(context: Context) -> None:
    """`sensuctl tessen info`."""
    tessen = context.session.get(resource_path(TESSEN, ""))
    show_one(context, TESSEN, tessen, TITLE, [("Opt-Out", bool(tessen.get("opt_out")))])
    if context.for_people:
        context.say("Nothing is ever reported: the setting only exists for clients of Sensu Go.")


def opt_in(context: Context) -> None:
    """`sensuctl tessen opt-in`."""
    context.session.call("PUT", resource_path(TESSEN, ""), {"opt_out": False})
    context.print("Thank you so much for opting in!")


def opt_out(context: Context) -> None:
    """`sensuctl tessen opt-out`."""
    if not context.flag("skip-confirm") and not agree(context, "Are you sure you would like to opt-out of tessen?"):
        context.print("Phew! We're glad you decided to stick around for a while!")
        return
    context.session.call("PUT", resource_path(TESSEN, ""), {"opt_out": True})
    context.print("I thought we were friends :( Remember, you can opt back in at any time!")
