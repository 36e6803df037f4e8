"""Whether a silence is valid.

Source: recorded scenario silenced-invalid.
"""

from sensu.resources.silenced import Silenced
from sensu.rules.names import name_problem, subscription_problem

ANY = "*"


def problem(entry: Silenced) -> str | None:
    """The first rule that a silence breaks, or None; its name is not looked at, because it is computed."""
    subscription, check = entry.subscription, entry.check
    if not subscription and not check or subscription == check == ANY:
        return "must provide check or subscription"
    if subscription not in ("", ANY) and (why := subscription_problem(subscription)) is not None:
        return f"Subscription {why}"
    if check not in ("", ANY) and (why := name_problem(check)) is not None:
        return f"Check {why}"
    return None if entry.metadata.namespace else "namespace must be set"
