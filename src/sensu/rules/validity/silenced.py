"""Whether a silence is valid.

Source: recorded scenario silenced-invalid.
"""

from sensu.resources.silenced import Silenced
from sensu.rules.validity.names import name_problem, subscription_problem

ANY = "*"


def problem(entry: Silenced) -> str | None:
    """The first rule that a silence breaks, or None; its name is not looked at, because it is computed."""
    subscription = "" if entry.subscription == ANY else entry.subscription
    check = "" if entry.check == ANY else entry.check
    if not subscription and not check:
        return "must provide check or subscription"
    if subscription and (why := subscription_problem(subscription)) is not None:
        return f"Subscription {why}"
    if check and (why := name_problem(check)) is not None:
        return f"Check {why}"
    return None if entry.metadata.namespace else "namespace must be set"
